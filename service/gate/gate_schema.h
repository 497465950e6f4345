// The steps of the gate's schema, from the first day on. A step that was ever released is never changed.
#pragma once

namespace kiyome::gate {

inline constexpr const char* kGateSchema[] = {
    R"(CREATE TABLE accepted (
         id BLOB NOT NULL, part INTEGER NOT NULL, received_ms INTEGER NOT NULL,
         PRIMARY KEY (id, part)) WITHOUT ROWID;
       CREATE TABLE pending (
         bundle INTEGER PRIMARY KEY, id BLOB NOT NULL, part INTEGER NOT NULL, kind INTEGER NOT NULL,
         sender TEXT NOT NULL, ret INTEGER NOT NULL, envid TEXT NOT NULL,
         attempts INTEGER NOT NULL, received_ms INTEGER NOT NULL, next_ms INTEGER NOT NULL,
         delay_told INTEGER NOT NULL, size INTEGER NOT NULL,
         file TEXT NOT NULL);  -- in blobs/, or empty: then the mail is in contents
       CREATE TABLE contents (bundle INTEGER PRIMARY KEY, octets BLOB NOT NULL);
       CREATE TABLE deliveries (
         bundle INTEGER NOT NULL, recipient INTEGER NOT NULL, address TEXT NOT NULL, notify INTEGER NOT NULL,
         orcpt TEXT NOT NULL, status TEXT NOT NULL,  -- of the last attempt
         PRIMARY KEY (bundle, recipient)) WITHOUT ROWID;
       CREATE TABLE results (
         number INTEGER PRIMARY KEY, id BLOB NOT NULL, part INTEGER NOT NULL, recipient INTEGER NOT NULL,
         class INTEGER NOT NULL, status_class INTEGER NOT NULL, subject INTEGER NOT NULL, detail INTEGER NOT NULL);
       CREATE UNIQUE INDEX results_by_name ON results (id, part, recipient, class);)",
};

}  // namespace kiyome::gate
