// The tables of the Internet side, one step a version; a step that was released is never changed.
#pragma once

#include <array>

namespace kiyome::store {

inline constexpr std::array<const char*, 6> kItemSchema{
    R"(CREATE TABLE items (
         id BLOB PRIMARY KEY, received_ms INTEGER NOT NULL, decided_ms INTEGER NOT NULL, sender TEXT NOT NULL,
         client TEXT NOT NULL, envid TEXT NOT NULL, subject TEXT NOT NULL, header BLOB NOT NULL, report TEXT NOT NULL,
         bytes INTEGER NOT NULL, sha256 BLOB NOT NULL, segment INTEGER NOT NULL, offset INTEGER NOT NULL,
         length INTEGER NOT NULL, original_kept INTEGER NOT NULL);
       CREATE INDEX items_kept ON items (received_ms) WHERE original_kept = 1;
       CREATE TABLE recipients (
         id BLOB NOT NULL, number INTEGER NOT NULL, address TEXT NOT NULL, notify INTEGER NOT NULL, orcpt TEXT NOT NULL,
         state INTEGER NOT NULL, verdict INTEGER NOT NULL, reasons TEXT NOT NULL, part INTEGER NOT NULL,
         status TEXT NOT NULL, delayed INTEGER NOT NULL, changed_ms INTEGER NOT NULL,
         PRIMARY KEY (id, number)) WITHOUT ROWID;
       CREATE INDEX recipients_held ON recipients (id) WHERE state = 1;
       CREATE TABLE bundles (
         id BLOB NOT NULL, part INTEGER NOT NULL, frame BLOB, PRIMARY KEY (id, part)) WITHOUT ROWID;
       CREATE TABLE item_segments (
         segment INTEGER NOT NULL, id BLOB NOT NULL, PRIMARY KEY (segment, id)) WITHOUT ROWID;
       CREATE TABLE returns (
         number INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL, recipient TEXT NOT NULL, content BLOB NOT NULL,
         attempts INTEGER NOT NULL, created_ms INTEGER NOT NULL, next_ms INTEGER NOT NULL);
       CREATE INDEX returns_next ON returns (next_ms);
       CREATE TABLE audit (
         sequence INTEGER PRIMARY KEY, unix_ms INTEGER NOT NULL, event TEXT NOT NULL, item BLOB, actor TEXT NOT NULL,
         detail TEXT NOT NULL, hash BLOB NOT NULL);)",
    "CREATE INDEX items_gone ON items (received_ms) WHERE original_kept = 0",
    // Copies with files that wait for a password, and passwords (sealed) of mails: see locks.h.
    R"(CREATE TABLE locked (
         id BLOB NOT NULL, number INTEGER NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL,
         places TEXT NOT NULL, tried INTEGER NOT NULL, tries INTEGER NOT NULL, until_ms INTEGER NOT NULL,
         PRIMARY KEY (id, number)) WITHOUT ROWID;
       CREATE INDEX locked_pair ON locked (sender, recipient);
       CREATE TABLE words (
         number INTEGER PRIMARY KEY AUTOINCREMENT, sender TEXT NOT NULL, recipient TEXT NOT NULL,
         tag BLOB NOT NULL, sealed BLOB NOT NULL, until_ms INTEGER NOT NULL);
       CREATE INDEX words_pair ON words (sender, recipient);
       CREATE INDEX words_until ON words (until_ms);)",
    // Files of the drop box: what was said of each last, as a DropBundle without its files; pages made of it;
    // where it is locked.
    R"(CREATE TABLE drops (
         id BLOB PRIMARY KEY, told BLOB NOT NULL, pages INTEGER NOT NULL, places TEXT NOT NULL) WITHOUT ROWID;)",
    // What its sender may look at: clean PNGs of a dropped file's first pages, as long as the original is
    // kept.
    R"(CREATE TABLE pictures (
         id BLOB NOT NULL, page INTEGER NOT NULL, png BLOB NOT NULL, PRIMARY KEY (id, page));)",
    // Whose an item is: the tenants of its recipients, each with LF ("" for none); empty where there are no
    // tenants. Retention goes through them one by one.
    R"(ALTER TABLE items ADD COLUMN tenants TEXT NOT NULL DEFAULT '';
       DROP INDEX items_kept;
       CREATE INDEX items_kept ON items (tenants, received_ms) WHERE original_kept = 1;
       DROP INDEX items_gone;
       CREATE INDEX items_gone ON items (tenants, received_ms) WHERE original_kept = 0;)",
};

}  // namespace kiyome::store
