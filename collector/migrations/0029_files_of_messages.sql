-- Which files came with which message. A file belongs to the case that claimed it; one that the staff send to several cases that were merged is linked
-- to the message in each of them. What has no link came with the feedback itself.
create table message_attachments (
    message_id text not null references messages (id),
    attachment_id text not null references attachments (id),
    -- Its place among the files of the message.
    place bigint not null,
    primary key (message_id, attachment_id)
);
create index message_attachments_file on message_attachments (attachment_id);
