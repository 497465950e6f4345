#include "service/gate/drop_view.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <set>

#include "proto/base/bytes.h"
#include "proto/base/limits.h"
#include "service/base/digest.h"
#include "service/gate/drop_rows.h"

namespace kiyome::gate {
namespace {

using store::Blob;
using store::Row;

void load_items(store::Database& database, DropView& out) {
  database
      .kept(
          "SELECT row, id, part, number, name, type, bytes, sha256, verdict, findings, approval, policy, "
          "received_ms FROM drops WHERE submission = ? AND replaced = 0 ORDER BY number, part, row LIMIT ?")
      .each(
          [&](const Row& row) {
            ItemView& item = out.items.emplace_back();
            item.row = row.integer(0);
            item.id = item_id(row.blob(1));
            item.part = static_cast<std::uint16_t>(row.integer(2));
            item.number = static_cast<std::uint32_t>(row.integer(3));
            item.name = row.text(4);
            item.type = row.text(5);
            item.bytes = static_cast<std::uint64_t>(row.integer(6));
            item.sha256 = digest(row.blob(7));
            item.verdict = static_cast<transfer::DropVerdict>(row.integer(8));
            item.findings = numbers(row.text(9));
            item.approval = lines(row.text(10));
            item.policy = digest(row.blob(11));
            item.received_ms = row.integer(12);
          },
          blob(out.submission), limits::kPickUpParts);
}

void load_details(store::Database& database, ItemView& item) {
  database.kept("SELECT number, name, type, bytes, sha256, crc FROM drop_files WHERE row = ? ORDER BY number")
      .each(
          [&](const Row& row) {
            FileView& file = item.files.emplace_back();
            file.number = static_cast<std::uint32_t>(row.integer(0));
            file.name = row.text(1);
            file.type = static_cast<transfer::CleanFileType>(row.integer(2));
            file.bytes = static_cast<std::uint64_t>(row.integer(3));
            file.sha256 = digest(row.blob(4));
            file.crc = static_cast<std::uint32_t>(row.integer(5));
          },
          item.row);
  database
      .kept(
          "SELECT recipient, address, stage, available_ms, decision, approval FROM drop_recipients WHERE row "
          "= ? "
          "ORDER BY recipient")
      .each(
          [&](const Row& row) {
            item.recipients.push_back({static_cast<std::uint32_t>(row.integer(0)), std::string(row.text(1)),
                                       static_cast<Stage>(row.integer(2)), row.integer(3), row.integer(4),
                                       lines(row.text(5))});
          },
          item.row);
}

void load_decisions(store::Database& database, DropView& out) {
  database
      .kept(
          "SELECT number, approved, comment, login, name, department, decided_ms FROM decisions "
          "WHERE submission = ? ORDER BY number")
      .each(
          [&](const Row& row) {
            out.decisions.push_back({row.integer(0), row.integer(1) != 0, std::string(row.text(2)),
                                     std::string(row.text(3)), std::string(row.text(4)),
                                     std::string(row.text(5)), row.integer(6)});
          },
          blob(out.submission));
}

}  // namespace

const RecipientView* ItemView::recipient(std::string_view address) const {
  const auto found = std::find_if(recipients.begin(), recipients.end(),
                                  [&](const RecipientView& one) { return one.address == address; });
  return found == recipients.end() ? nullptr : &*found;
}

bool DropView::complete() const {
  std::set<std::uint32_t> come;
  for (const ItemView& item : items) come.insert(item.number);
  return come.size() == count;
}

std::optional<DropView> load_drop(store::Database& database, const ItemId& submission) {
  DropView out;
  out.submission = submission;
  const bool found =
      database
          .kept(
              "SELECT count, sender, sender_name, title, message, importance, received_ms, changed_ms, "
              "coalesce(look_ms, 0), tenants FROM submissions WHERE submission = ? AND gone = 0")
          .one(
              [&](const Row& row) {
                out.count = static_cast<std::uint32_t>(row.integer(0));
                out.sender = row.text(1);
                out.sender_name = row.text(2);
                out.title = row.text(3);
                out.message = row.text(4);
                out.importance = row.text(5);
                out.received_ms = row.integer(6);
                out.changed_ms = row.integer(7);
                out.look_ms = row.integer(8);
                out.tenants = lines(row.text(9));
              },
              blob(submission));
  if (!found) return std::nullopt;
  load_items(database, out);
  for (ItemView& item : out.items) load_details(database, item);
  load_decisions(database, out);
  return out;
}

Digest digest_of(const DropView& drop, const std::vector<const ItemView*>& items) {
  ByteWriter w;
  w.raw(std::string_view("kiyome delivery 1"));
  w.raw(drop.submission.bytes);
  w.u32(drop.count);
  for (const std::string* text :
       {&drop.sender, &drop.sender_name, &drop.title, &drop.message, &drop.importance})
    w.counted(*text);
  w.u32(static_cast<std::uint32_t>(items.size()));
  for (const ItemView* item : items) {
    w.raw(item->id.bytes);
    w.u16(item->part);
    w.u32(item->number);
    w.counted(item->name);
    w.counted(item->type);
    w.u64(item->bytes);
    w.raw(item->sha256);
    w.u8(static_cast<std::uint8_t>(item->verdict));
    w.u32(static_cast<std::uint32_t>(item->findings.size()));
    for (const std::uint16_t finding : item->findings) w.u16(finding);
    w.u32(static_cast<std::uint32_t>(item->approval.size()));
    for (const std::string& rule : item->approval) w.counted(rule);
    w.raw(item->policy);
    w.u32(static_cast<std::uint32_t>(item->recipients.size()));
    for (const RecipientView& recipient : item->recipients) {
      w.counted(recipient.address);
      for (const std::string& rule : recipient.approval) w.counted(rule);
    }
    w.u32(static_cast<std::uint32_t>(item->files.size()));
    for (const FileView& file : item->files) {
      w.u32(file.number);
      w.counted(file.name);
      w.u8(static_cast<std::uint8_t>(file.type));
      w.u64(file.bytes);
      w.raw(file.sha256);
    }
  }
  return sha256(w.bytes());
}

std::string folded(std::string_view text) {
  constexpr auto kForm = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE |
                                                        UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
  utf8proc_uint8_t* made = nullptr;
  const utf8proc_ssize_t size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                             static_cast<utf8proc_ssize_t>(text.size()), &made, kForm);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(made, &std::free);
  if (size < 0) return std::string(text);  // not UTF-8, or no memory: found as it is written
  return {reinterpret_cast<const char*>(made), static_cast<std::size_t>(size)};
}

std::string lower(std::string_view address) {
  std::string out(address);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return out;
}

}  // namespace kiyome::gate
