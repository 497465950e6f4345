// The steps of the gate's schema, from the first day on. A step that was ever released is never changed.
#pragma once

#include "service/store/audit_log.h"
#include "service/store/shared_folder.h"

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
    // The pick-up. A delivery is a submission; its items come one by one, each with its clean files, and fare
    // for each recipient on its own. `stage` is transfer::DropStage, 0 for an item that is not clean.
    R"(CREATE TABLE submissions (
         submission BLOB PRIMARY KEY, count INTEGER NOT NULL, sender TEXT NOT NULL, sender_name TEXT NOT NULL,
         title TEXT NOT NULL, message TEXT NOT NULL, importance TEXT NOT NULL, words TEXT NOT NULL,
         received_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL, next_file INTEGER NOT NULL,
         look_ms INTEGER, gone INTEGER NOT NULL) WITHOUT ROWID;
       CREATE INDEX submissions_look ON submissions (look_ms) WHERE look_ms IS NOT NULL;
       CREATE INDEX submissions_age ON submissions (gone, changed_ms);
       CREATE TABLE drops (
         row INTEGER PRIMARY KEY, id BLOB NOT NULL, part INTEGER NOT NULL, submission BLOB NOT NULL,
         number INTEGER NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, bytes INTEGER NOT NULL,
         sha256 BLOB NOT NULL, verdict INTEGER NOT NULL, findings TEXT NOT NULL, approval TEXT NOT NULL,
         policy BLOB NOT NULL, words TEXT NOT NULL, received_ms INTEGER NOT NULL, replaced INTEGER NOT NULL);
       CREATE UNIQUE INDEX drops_by_name ON drops (id, part);
       CREATE INDEX drops_of ON drops (submission);
       CREATE TABLE drop_files (
         row INTEGER NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, type INTEGER NOT NULL,
         bytes INTEGER NOT NULL, sha256 BLOB NOT NULL, crc INTEGER NOT NULL,  -- CRC-32, for a ZIP
         file TEXT NOT NULL,  -- in blobs/, or empty
         octets BLOB,         -- of a small one
         PRIMARY KEY (row, number));
       CREATE TABLE drop_recipients (
         row INTEGER NOT NULL, recipient INTEGER NOT NULL, address TEXT NOT NULL, stage INTEGER NOT NULL,
         available_ms INTEGER NOT NULL, decision INTEGER NOT NULL, PRIMARY KEY (row, recipient)) WITHOUT ROWID;
       CREATE TABLE drop_people (
         address TEXT NOT NULL, submission BLOB NOT NULL, PRIMARY KEY (address, submission)) WITHOUT ROWID;
       CREATE TABLE drop_waiting (submission BLOB PRIMARY KEY) WITHOUT ROWID;
       CREATE TABLE picked_up (
         row INTEGER NOT NULL, number INTEGER NOT NULL, login TEXT NOT NULL, picked_ms INTEGER NOT NULL,
         PRIMARY KEY (row, number, login)) WITHOUT ROWID;
       CREATE TABLE decisions (
         number INTEGER PRIMARY KEY, submission BLOB NOT NULL, approved INTEGER NOT NULL, digest BLOB NOT NULL,
         comment TEXT NOT NULL, login TEXT NOT NULL, name TEXT NOT NULL, department TEXT NOT NULL,
         decided_ms INTEGER NOT NULL);
       CREATE INDEX decisions_of ON decisions (submission);
       CREATE INDEX decisions_by ON decisions (login, decided_ms);
       CREATE TABLE delegations (login TEXT PRIMARY KEY, delegate TEXT NOT NULL, until_ms INTEGER NOT NULL);
       CREATE INDEX delegations_to ON delegations (delegate);
       CREATE TABLE drop_mails (
         submission BLOB NOT NULL, person TEXT NOT NULL, kind INTEGER NOT NULL, sent_ms INTEGER NOT NULL,
         PRIMARY KEY (submission, person, kind)) WITHOUT ROWID;
       CREATE TABLE drop_results (
         number INTEGER PRIMARY KEY, id BLOB NOT NULL, part INTEGER NOT NULL, recipient INTEGER NOT NULL,
         stage INTEGER NOT NULL);
       CREATE UNIQUE INDEX drop_results_by_name ON drop_results (id, part, recipient, stage);
       CREATE TABLE audit (
         sequence INTEGER PRIMARY KEY, unix_ms INTEGER NOT NULL, event TEXT NOT NULL, item BLOB, actor TEXT NOT NULL,
         detail TEXT NOT NULL, hash BLOB NOT NULL);)",
    // What was put into the output folder. `kind` is PutKind; what is not done is made whole and named.
    R"(CREATE TABLE put_out (
         row INTEGER PRIMARY KEY, id BLOB NOT NULL, kind INTEGER NOT NULL, done INTEGER NOT NULL,
         shelf INTEGER NOT NULL, paths TEXT NOT NULL, report BLOB NOT NULL);
       CREATE INDEX put_out_of ON put_out (id);)",
    // Whose a delivery is: the tenants of its recipients, each with LF; empty where there are no tenants. And
    // rules that ask for an approval of one recipient alone, by his department.
    R"(ALTER TABLE submissions ADD COLUMN tenants TEXT NOT NULL DEFAULT '';
       DROP INDEX submissions_age;
       CREATE INDEX submissions_age ON submissions (gone, tenants, changed_ms);
       ALTER TABLE drop_recipients ADD COLUMN approval TEXT NOT NULL DEFAULT '';)",
    // What stands beside the audit trail.
    KIYOME_AUDIT_BOOK,
    // Doors: links by which a recipient asks for what was held. `mark` is DoorMark, 8 waits for an answer;
    // `part` as in transfer::DoorState.
    R"(CREATE TABLE doors (
         token BLOB PRIMARY KEY, id BLOB NOT NULL, recipient INTEGER NOT NULL, until_ms INTEGER NOT NULL,
         frame BLOB NOT NULL) WITHOUT ROWID;
       CREATE INDEX doors_of ON doors (id, recipient);
       CREATE INDEX doors_until ON doors (until_ms);
       CREATE TABLE door_marks (
         id BLOB NOT NULL, recipient INTEGER NOT NULL, part INTEGER NOT NULL, mark INTEGER NOT NULL,
         changed_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL,
         attempt INTEGER NOT NULL,  -- the number of the last password, else 0
         PRIMARY KEY (id, recipient, part)) WITHOUT ROWID;
       CREATE INDEX door_marks_until ON door_marks (until_ms);
       CREATE INDEX door_marks_sent ON door_marks (changed_ms) WHERE mark = 8 AND part <> 4294967294;)",
    // Several gates that share one database (lease.h): who lives, whose turn it is to deliver a bundle and to
    // do what is done once, numbers that they count together, and large contents where they have no folder in
    // common. On one host `owner` is empty, and the tables are.
    R"(CREATE TABLE gates (owner TEXT PRIMARY KEY, beat INTEGER NOT NULL) WITHOUT ROWID;
       CREATE TABLE duties (duty TEXT PRIMARY KEY, owner TEXT NOT NULL) WITHOUT ROWID;
       CREATE TABLE numbers (name TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
       CREATE TABLE blobs (
         name TEXT NOT NULL, number INTEGER NOT NULL, octets BLOB NOT NULL, PRIMARY KEY (name, number));
       ALTER TABLE pending ADD COLUMN owner TEXT NOT NULL DEFAULT '';
       CREATE INDEX pending_owner ON pending (owner) WHERE owner <> '';
       ALTER TABLE door_marks ADD COLUMN owner TEXT NOT NULL DEFAULT '';)",
    KIYOME_SHARED_FOLDER,
};

}  // namespace kiyome::gate
