-- What the customer's mail program called a mail (its Message-ID), so that our answers stand beside it there: encrypted, since it can name who wrote it.
alter table inbound_mails add column message_id_cipher text;
