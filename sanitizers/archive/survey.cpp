// See survey.h.
#include "sanitizers/archive/survey.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <new>

#include "proto/base/limits.h"
#include "sanitizers/archive/names.h"
#include "sanitizers/type/digest.h"
#include "sanitizers/type/table.h"
#include "sanitizers/type/type.h"

namespace kiyome::sanitizer::archive {
namespace {

using clean::Finding;

void add(std::vector<Finding>& findings, Finding finding) {
  if (findings.size() < limits::kCleanFindings &&
      std::find(findings.begin(), findings.end(), finding) == findings.end())
    findings.push_back(finding);
}

// What the systems of Apple and Windows leave beside files, told by name and content: whoever hides something
// else under such a name has it listed.
bool is_decoration(std::string_view path, std::string_view octets) {
  const std::string_view base = base_name(path);
  if (base.starts_with("._")) return octets.starts_with(std::string_view("\0\5\x16\7", 4));
  if (base == ".DS_Store") return octets.starts_with(std::string_view("\0\0\0\1Bud1", 8));
  return base == "Thumbs.db" && octets.starts_with("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
}

std::string folded(std::string_view path) {
  std::string out(path);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

}  // namespace

// ---- octets ----

void Growing::append(std::string_view some) {
  if (some.size() > capacity_ - size_) {
    const std::size_t capacity = std::max(size_ + some.size(), capacity_ + capacity_ / 2);
    void* const grown = std::realloc(data_, capacity);
    if (grown == nullptr) throw std::bad_alloc();
    data_ = static_cast<char*>(grown);
    capacity_ = capacity;
  }
  std::memcpy(data_ + size_, some.data(), some.size());
  size_ += some.size();
}

void Growing::release() {
  std::free(data_);
  data_ = nullptr;
  size_ = capacity_ = 0;
}

// ---- the walk ----

Visitor::Wish Survey::entry(const EntryHead& head) {
  const auto stop = [&](Finding finding) {
    refusal_ = finding;
    return Wish::stop;
  };
  if (found_.size() == limits::kArchiveEntries) return stop(Finding::kLimitEntries);
  Found found;
  found.stored_name = head.name;
  found.utf8 = head.utf8;
  found.part.parent = 0;
  for (const Finding finding : head.notes) add(found.part.findings, finding);
  std::optional<Finding> held = head.held;
  if (head.size && !held) {
    claimed_ += std::min<std::uint64_t>(*head.size, limits::kArchiveExpanded + 1);
    if (claimed_ > limits::kArchiveExpanded) return stop(Finding::kLimitExpanded);
    if (*head.size > limits::kArchiveEntryOctets) held = Finding::kLimitExpanded;
  }
  if (held) {
    add(found.part.findings, *held);
    found.part.size = std::min<std::uint64_t>(head.size.value_or(0), limits::kMessageBytes);
  }
  other_name_ = head.other_name;
  trouble_.reset();
  content_.clear();
  found_.push_back(std::move(found));
  return held ? Wish::pass_over : Wish::octets;
}

bool Survey::octets(std::string_view some) {
  expanded_ += some.size();
  if (expanded_ > limits::kArchiveExpanded) {
    refusal_ = Finding::kLimitExpanded;
    return false;
  }
  if (some.size() > limits::kArchiveEntryOctets - content_.view().size())
    return give_up(Finding::kLimitExpanded);
  try {
    content_.append(some);
  } catch (const std::bad_alloc&) {
    return give_up(Finding::kLimitMemory);
  }
  return true;
}

// Of one entry, or of the whole where the rest cannot be had without it.
bool Survey::give_up(Finding finding) {
  trouble_ = finding;
  if (!passable_) refusal_ = finding;
  return false;
}

void Survey::end_of_entry(std::optional<Finding> trouble) {
  Found& found = found_.back();
  if (trouble_) trouble = trouble_;
  if (trouble) {
    add(found.part.findings, *trouble);
    found.part.size = content_.view().size();
    if (trouble_) content_.release();
    return;
  }
  try {
    measure(found);
  } catch (const std::bad_alloc&) {
    content_.release();
    found.whole = false;
    add(found.part.findings, Finding::kLimitMemory);
  }
}

void Survey::measure(Found& found) {
  const std::string_view octets = content_.view();
  clean::Part& part = found.part;
  part.size = octets.size();
  part.sha256 = type::sha256(octets);
  type::Detected detected = type::detect(octets, base_name(found.stored_name), "");
  for (const Finding finding : detected.findings) add(part.findings, finding);
  // Some programs give a file this name instead: what it would be then counts, too.
  if (type::extension_of(other_name_) != type::extension_of(found.stored_name) && !other_name_.empty())
    for (const Finding finding : type::detect(octets, base_name(other_name_), "").findings)
      add(part.findings, finding);
  part.detected_type = std::move(detected.type);
  if (is_decoration(found.stored_name, octets)) part.role = clean::Role::decoration;
  found.whole = true;
  if (octets.size() > limits::kArchiveKept - kept_) return;
  found.octets = octets;
  found.kept = true;
  kept_ += octets.size();
}

// ---- names ----

void Survey::name_entries() {
  std::vector<std::string_view> unnamed;
  for (const Found& found : found_)
    if (!found.utf8) unnamed.push_back(found.stored_name);
  const std::string charset = charset_of_names(unnamed);
  std::map<std::string, std::size_t> seen;  // path → how many have it
  std::uint32_t index = 0;
  for (Found& found : found_) {
    clean::Part& part = found.part;
    part.index = ++index;
    EntryName name = read_name(found.stored_name, found.utf8 ? "utf-8" : charset);
    for (const Finding finding : name.findings) add(part.findings, finding);
    if (name.unsafe) hold(found, Finding::kUnsafePath);
    part.name = std::move(name.path);
    // Dropped characters may have kept the stored name from looking like a program's.
    if (type::executable_extension(type::extension_of(part.name))) add(part.findings, Finding::kExecutable);
    // Two entries of one name are two files.
    std::size_t& count = seen[folded(part.name)];
    if (++count == 1) continue;
    std::string other;
    do {
      other = numbered(part.name, count++);
    } while (seen.contains(folded(other)));
    --count;
    seen[folded(other)] = 1;
    part.name = std::move(other);
    add(part.findings, Finding::kNameChanged);
  }
}

void Survey::hold(Found& found, Finding finding) {
  add(found.part.findings, finding);
  found.whole = found.kept = false;
  found.octets.clear();
}

}  // namespace kiyome::sanitizer::archive
