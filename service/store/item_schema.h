// The tables of the Internet side, one step a version; a step that was released is never changed.
#pragma once

#include <array>

#include "service/store/audit_log.h"
#include "service/store/shared_folder.h"

namespace kiyome::store {

inline constexpr std::array<const char*, 9> kItemSchema{
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
    // The quarantine review. proposals: what needs a second person; doors: links by which a recipient asks
    // for a held part or gives a password; requests: what was asked by them; allowances: what is let through
    // the policy's holds for a time (never past the sandboxes); standings: see standing.h; kept: items under
    // legal hold; checkpoints: signed heads of audit trails, our own and those that came from the other zone.
    R"(CREATE TABLE proposals (
         number INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB, kind TEXT NOT NULL, what TEXT NOT NULL,
         reason TEXT NOT NULL, proposed_by TEXT NOT NULL, tenant TEXT NOT NULL, proposed_ms INTEGER NOT NULL,
         until_ms INTEGER NOT NULL, state TEXT NOT NULL, decided_by TEXT NOT NULL, decided_ms INTEGER NOT NULL,
         outcome TEXT NOT NULL, escalated_ms INTEGER NOT NULL DEFAULT 0, alone INTEGER NOT NULL DEFAULT 0,
         answer TEXT NOT NULL DEFAULT '', password BLOB, password_until_ms INTEGER NOT NULL DEFAULT 0,
         crossing BLOB, carried INTEGER NOT NULL DEFAULT 0);
       CREATE INDEX proposals_open ON proposals (number) WHERE state = 'open';
       CREATE INDEX proposals_crossing ON proposals (crossing) WHERE crossing IS NOT NULL;
       CREATE INDEX proposals_agreed ON proposals (number) WHERE state = 'agreed';
       CREATE INDEX proposals_password ON proposals (password_until_ms) WHERE password_until_ms > 0;
       ALTER TABLE returns ADD COLUMN proposal INTEGER NOT NULL DEFAULT 0;
       CREATE INDEX proposals_item ON proposals (id);
       CREATE TABLE delegations (
         login TEXT PRIMARY KEY, delegate TEXT NOT NULL, tenant TEXT NOT NULL, until_ms INTEGER NOT NULL)
         WITHOUT ROWID;
       CREATE INDEX delegations_delegate ON delegations (delegate);
       CREATE TABLE doors (
         bundle BLOB NOT NULL, part INTEGER NOT NULL, id BLOB NOT NULL, recipient INTEGER NOT NULL,
         frame BLOB NOT NULL, until_ms INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
         attempt INTEGER NOT NULL DEFAULT 0, step INTEGER NOT NULL DEFAULT 0,  -- what became of that try
         changed_ms INTEGER NOT NULL DEFAULT 0,
         PRIMARY KEY (bundle, part, id, recipient)) WITHOUT ROWID;
       CREATE INDEX doors_of ON doors (id, recipient);
       CREATE INDEX doors_until ON doors (until_ms);
       CREATE INDEX doors_changed ON doors (changed_ms) WHERE changed_ms > 0;
       CREATE TABLE requests (
         number INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL, recipient INTEGER NOT NULL,
         part INTEGER NOT NULL, asked_ms INTEGER NOT NULL, state TEXT NOT NULL, decided_by TEXT NOT NULL,
         decided_ms INTEGER NOT NULL, answer TEXT NOT NULL, proposal INTEGER NOT NULL DEFAULT 0,
         working INTEGER NOT NULL DEFAULT 0, carried INTEGER NOT NULL DEFAULT 0);
       CREATE INDEX requests_working ON requests (number) WHERE working + carried > 0 AND state = 'open';
       CREATE INDEX requests_decided ON requests (decided_ms);
       CREATE UNIQUE INDEX requests_open ON requests (id, recipient, part) WHERE state = 'open';
       CREATE INDEX requests_item ON requests (id);
       CREATE TABLE allowances (
         number INTEGER PRIMARY KEY AUTOINCREMENT, sender TEXT NOT NULL, type TEXT NOT NULL,
         until_ms INTEGER NOT NULL, allowed_by TEXT NOT NULL, agreed_by TEXT NOT NULL, reason TEXT NOT NULL,
         created_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL DEFAULT 0, tenant TEXT NOT NULL DEFAULT '');
       CREATE TABLE standings (
         id BLOB NOT NULL, number INTEGER NOT NULL, released INTEGER NOT NULL, policies TEXT NOT NULL,
         left_out TEXT NOT NULL, given TEXT NOT NULL, PRIMARY KEY (id, number)) WITHOUT ROWID;
       CREATE INDEX allowances_sender ON allowances (sender);
       CREATE TABLE digests (
         kind TEXT NOT NULL, address TEXT NOT NULL, told_ms INTEGER NOT NULL, PRIMARY KEY (kind, address))
         WITHOUT ROWID;
       CREATE TABLE kept (id BLOB PRIMARY KEY, kept_by TEXT NOT NULL, reason TEXT NOT NULL,
         kept_ms INTEGER NOT NULL) WITHOUT ROWID;)" KIYOME_AUDIT_BOOK,
    // Many hosts, one store: who sends a bundle ('': nobody yet), and which hosts live. Of one host alone
    // both stay empty.
    R"(ALTER TABLE bundles ADD COLUMN sent_by TEXT NOT NULL DEFAULT '';
       CREATE INDEX bundles_sent_by ON bundles (sent_by) WHERE sent_by <> '';
       CREATE TABLE nodes (node TEXT PRIMARY KEY, seen_ms INTEGER NOT NULL);)",
    KIYOME_SHARED_FOLDER,
};

}  // namespace kiyome::store
