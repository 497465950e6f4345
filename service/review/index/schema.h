// The tables of review.db. It is derived: another version is made anew, so there is one step and a number.
#pragma once

#include <array>

namespace kiyome::review {

// Changed with the schema, with words.h and with facts.h: what an older program wrote does not fit any more.
inline constexpr int kIndexVersion = 1;

// number: received_ms · 2^15 + some bits of the id, so that its order is that of time. arrival: when it was
// first seen here, counted up; 0 of what was there when the index was made. words: columns as EntryWords, and
// the facts; contentless, so that who takes something out says what he put in: `texts` and `facts` have it.
inline constexpr const char* kIndexSchema = R"(
  CREATE TABLE entries (
    number INTEGER PRIMARY KEY, id BLOB NOT NULL, arrival INTEGER NOT NULL, received_ms INTEGER NOT NULL,
    direction INTEGER NOT NULL, sender TEXT NOT NULL, subject TEXT NOT NULL, files TEXT NOT NULL,
    file_count INTEGER NOT NULL, bytes INTEGER NOT NULL, recipients TEXT NOT NULL,
    recipient_count INTEGER NOT NULL, verdict INTEGER NOT NULL, state INTEGER NOT NULL, reasons TEXT NOT NULL,
    tenants TEXT NOT NULL, departments TEXT NOT NULL, requests INTEGER NOT NULL, proposals INTEGER NOT NULL,
    kept INTEGER NOT NULL, facts TEXT NOT NULL, counted TEXT NOT NULL);
  CREATE UNIQUE INDEX entries_id ON entries (id);
  CREATE INDEX entries_arrival ON entries (arrival) WHERE arrival > 0;
  CREATE TABLE texts (
    number INTEGER PRIMARY KEY, subject TEXT NOT NULL, files TEXT NOT NULL, sender TEXT NOT NULL,
    recipients TEXT NOT NULL);
  CREATE VIRTUAL TABLE words USING fts5(
    subject, files, sender, recipients, facts, content='', columnsize=0, tokenize='kiyome');
  CREATE TABLE names (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE counts (
    kind INTEGER NOT NULL, tenant TEXT NOT NULL, department TEXT NOT NULL, day INTEGER NOT NULL,
    key TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (kind, tenant, department, day, key)) WITHOUT ROWID;
  CREATE TABLE progress (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
)";

}  // namespace kiyome::review
