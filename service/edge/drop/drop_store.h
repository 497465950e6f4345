// What the drop box remembers: uploads, submissions, their files and how they fare. One connection under a
// lock, to a file of its own or to a database that many hosts share: everybody sees every submission, but the
// octets of an upload are on the host that took them, and that one sends them. Trusts nothing of what stands
// in a text; it keeps it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proto/base/item_id.h"
#include "proto/transfer/drop.h"
#include "service/base/guarded.h"
#include "service/store/database.h"

namespace kiyome::edge::drop {

enum class UploadState : std::uint8_t { open = 1, submitted = 2, gone = 3 };

struct Upload {
  ItemId id;
  std::int64_t account = 0;
  std::string name, metadata;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;  // on the disk for certain
  std::int64_t created_ms = 0, touched_ms = 0;
  UploadState state = UploadState::open;
  std::string host;  // that has its octets
};

struct SubmittedFile {
  ItemId item, upload;
  std::uint32_t number = 1;
  std::string name;
  std::uint64_t bytes = 0;
  std::string password;
  bool committed = false;
  transfer::DropProgress state = transfer::DropProgress::received;
  std::uint32_t pages = 0;
  std::uint32_t previews = 0;  // pages that can be looked at
  std::vector<std::uint16_t> findings;
  std::int64_t changed_ms = 0;
};

struct Submission {
  ItemId id;
  std::int64_t account = 0, created_ms = 0;
  std::string key;
  std::array<std::uint8_t, 32> digest{};
  std::string client, sender, sender_name;
  std::vector<std::string> recipients;
  std::string title, message, importance;
  bool sent = false;
  std::string host;  // that has its uploads
  std::vector<SubmittedFile> files;
};

// Thread-safe. Everything throws TemporaryFailure when the store cannot.
class DropStore {
 public:
  // Opens or creates FOLDER/drop.sqlite, or what is at `place`.
  explicit DropStore(const std::string& folder, const store::Place& place = {});

  bool shared() const { return shared_; }
  // Who we are among those who share it; empty on one host.
  const std::string& host() const { return host_; }

  // ---- uploads ----
  enum class Added { added, too_many_bytes, too_many };
  // Unless the account has used up what it may begin since then: `bytes_max`, limits::kDropUploadsDay; or has
  // kDropUploadsOpen.
  Added add_upload(const Upload& upload, std::uint64_t bytes_max, std::int64_t since_ms);
  std::optional<Upload> find_upload(std::int64_t account, const ItemId& id);
  void set_offset(const ItemId& id, std::uint64_t offset, std::int64_t now_ms);
  // false: it is not open (any more). Its file may go afterwards.
  bool drop_upload(const ItemId& id);
  // Octets that the account has begun to upload since then; what was dropped counts as far as it had come.
  std::uint64_t begun_bytes(std::int64_t account, std::int64_t since_ms);
  // All of ours that are open / those of them that nobody has touched since, at most kDropSweep; those of
  // other hosts a day later, for a host may be gone for good.
  void open_uploads(const std::function<void(const Upload&)>& use);
  std::vector<ItemId> idle_uploads(std::int64_t before_ms);

  // ---- submissions ----
  struct Begun {
    enum class What {
      begun,
      known,
      other_request,
      upload_unknown,
      upload_open,
      upload_used,
      upload_elsewhere,  // on another host
      too_many,
      over
    };
    What what = What::begun;
    ItemId submission;      // begun, known
    std::size_t place = 0;  // of the upload that is wrong
  };
  // In one transaction: every upload is the account's, open and whole; then they belong to the submission,
  // whose files get their names and sizes. `submission.files` name upload, item and password. `in_all_max`:
  // so many may the account ever have.
  Begun begin_submission(Submission submission, std::size_t in_all_max = SIZE_MAX);
  // Nothing of it was committed: its uploads are open again.
  void undo_submission(const ItemId& id);
  void set_committed(const std::vector<ItemId>& items);
  // An upload's octets are lost: its file ends as refused.
  void set_lost(const ItemId& item, std::int64_t now_ms);
  // Everything is committed. Passwords are forgotten, uploads are done.
  void set_sent(const ItemId& id);
  std::optional<Submission> find_submission(const ItemId& id);
  // Of this account, older than `before` if given, the newest first; at most `most`, and after the first one
  // no more than limits::kDropListed files.
  std::vector<Submission> list(std::int64_t account, const std::optional<ItemId>& before, std::size_t most);
  std::vector<ItemId> unsent();  // of this host

  // ---- how files fare ----
  void hear(const std::vector<transfer::DropState>& states, std::int64_t now_ms);
  // Items of sent submissions whose last word is still to come, above `after`, at most kDropSweep. `moving`:
  // those only that should move by themselves.
  std::vector<ItemId> open_items(const ItemId& after, bool moving);

  // Submissions made before `history_ms`, and uploads done or gone that nothing came to since `uploads_ms`,
  // at most kDropSweep of each.
  void prune(std::int64_t history_ms, std::int64_t uploads_ms);
  // Whether there may be anything at all; known after a prune(). Asks no disk.
  bool any() const { return shared_ || any_; }

 private:
  template <class F>
  auto with(F&& use) {
    return database_.with([&](std::unique_ptr<store::Database>& database) { return use(*database); });
  }

  Guarded<std::unique_ptr<store::Database>> database_;
  bool shared_ = false;
  std::string host_;
  std::atomic<bool> any_{true};  // set under the database's lock
};

}  // namespace kiyome::edge::drop
