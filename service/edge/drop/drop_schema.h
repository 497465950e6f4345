// The steps of the drop box's schema, from the first day on. A step that was ever released is never changed.
#pragma once

namespace kiyome::edge::drop {

inline constexpr const char* kDropSchema[] = {
    R"(CREATE TABLE uploads (
         id BLOB PRIMARY KEY, account INTEGER NOT NULL, name TEXT NOT NULL,
         metadata TEXT NOT NULL,  -- Upload-Metadata as it came
         size INTEGER NOT NULL, offset INTEGER NOT NULL,  -- what is on the disk for certain
         created_ms INTEGER NOT NULL, touched_ms INTEGER NOT NULL,
         state INTEGER NOT NULL) WITHOUT ROWID;  -- UploadState
       CREATE INDEX uploads_by_account ON uploads (account, created_ms);
       CREATE INDEX uploads_by_age ON uploads (state, touched_ms);
       CREATE TABLE submissions (
         id BLOB PRIMARY KEY, account INTEGER NOT NULL,
         key TEXT NOT NULL, digest BLOB NOT NULL,  -- Idempotency-Key, and SHA-256 of what was asked with it
         created_ms INTEGER NOT NULL, client TEXT NOT NULL, sender TEXT NOT NULL, sender_name TEXT NOT NULL,
         recipients TEXT NOT NULL,  -- mail addresses parted by LF
         title TEXT NOT NULL, message TEXT NOT NULL, importance TEXT NOT NULL,
         sent INTEGER NOT NULL) WITHOUT ROWID;
       CREATE UNIQUE INDEX submissions_by_key ON submissions (account, key);
       CREATE INDEX submissions_by_account ON submissions (account, id);
       CREATE INDEX submissions_by_age ON submissions (created_ms);
       CREATE INDEX submissions_unsent ON submissions (id) WHERE sent = 0;
       CREATE TABLE files (
         submission BLOB NOT NULL, number INTEGER NOT NULL, item BLOB NOT NULL, upload BLOB NOT NULL,
         name TEXT NOT NULL, bytes INTEGER NOT NULL,
         password TEXT NOT NULL,  -- until the file is in the log of originals, then empty
         committed INTEGER NOT NULL,
         state INTEGER NOT NULL,  -- transfer::DropProgress
         pages INTEGER NOT NULL, findings TEXT NOT NULL,  -- codes parted by blanks
         changed_ms INTEGER NOT NULL,
         PRIMARY KEY (submission, number)) WITHOUT ROWID;
       CREATE UNIQUE INDEX files_by_item ON files (item);
       CREATE INDEX files_moving ON files (item) WHERE state IN (1, 2, 3);
       CREATE INDEX files_open ON files (item) WHERE state IN (1, 2, 3, 4, 6, 7);)",
    // How many pages can be looked at.
    "ALTER TABLE files ADD COLUMN previews INTEGER NOT NULL DEFAULT 0",
    // On which of the hosts that share the database the octets are; empty: there is one host only.
    R"(ALTER TABLE uploads ADD COLUMN host TEXT NOT NULL DEFAULT '';
       ALTER TABLE submissions ADD COLUMN host TEXT NOT NULL DEFAULT '')",
};

}  // namespace kiyome::edge::drop
