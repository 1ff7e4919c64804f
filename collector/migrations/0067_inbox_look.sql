-- How a member wants the inbox: its layout and what rows show, as `console/inbox/look.rs` writes it.
alter table members add column inbox_look text not null default '';
