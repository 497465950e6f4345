// mail_dump [--leaves] [--words] [--time N] FILE…: runs the mail sanitizer's function in this process and
// prints what it says. A tool for tests and for looking; unconfined, so for inputs one trusts the sanitizer
// with.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>

#include "proto/clean/codec.h"
#include "sanitizers/mail/mimetic_opinion.h"
#include "sanitizers/mail/run.h"

using namespace kiyome;

namespace {

std::string hex(const std::array<std::uint8_t, 32>& digest) {
  static const char* const digits = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t b : digest) {
    out += digits[b >> 4];
    out += digits[b & 15];
  }
  return out;
}

std::string slugs(const std::vector<clean::Finding>& findings) {
  std::string out;
  for (const clean::Finding finding : findings) {
    out += out.empty() ? "" : ",";
    out += clean::slug(finding);
  }
  return out;
}

const char* role_name(clean::Role role) {
  static const char* const names[] = {"?",          "container",    "body",       "alternative",
                                      "attachment", "inline_image", "decoration", "framing"};
  return names[static_cast<int>(role)];
}

void print_addresses(const char* label, const std::vector<clean::Address>& list) {
  for (const clean::Address& a : list)
    std::printf("%s: [%s] <%s>\n", label, a.display.c_str(), a.address.c_str());
}

void print(const clean::MailHeader& h) {
  print_addresses("from", h.from);
  print_addresses("sender", h.sender);
  print_addresses("reply-to", h.reply_to);
  print_addresses("to", h.to);
  print_addresses("cc", h.cc);
  if (h.subject) std::printf("subject: %s\n", h.subject->c_str());
  if (h.date)
    std::printf("date: %lld %d\n", static_cast<long long>(h.date->unix_seconds), h.date->zone_minutes);
  if (!h.message_id.empty()) std::printf("message-id: %s\n", h.message_id.c_str());
  if (!h.list_id.empty()) std::printf("list-id: %s\n", h.list_id.c_str());
  std::printf("received: %u  references: %zu  findings: %s\n", h.received_count, h.references.size(),
              slugs(h.findings).c_str());
}

void print(const clean::Part& p) {
  std::printf(
      "part %u parent %d %s %llu-%llu declared=%s detected=%s size=%llu sha256=%s name=[%s] findings=%s\n",
      p.index, p.parent, role_name(p.role), static_cast<unsigned long long>(p.span.begin),
      static_cast<unsigned long long>(p.span.end), p.declared_type.c_str(), p.detected_type.c_str(),
      static_cast<unsigned long long>(p.size), hex(p.sha256).substr(0, 12).c_str(), p.name.c_str(),
      slugs(p.findings).c_str());
}

struct Options {
  bool leaves = false;
  bool opinion = false;
  bool quiet = false;
  int times = 0;
  clean::JobOptions job;
};

// One line a file, for scripts: tab-separated leaves "role|declared|size|sha256|name", then the subject.
void print_leaves(const char* path, const sanitizer::mail::Reading& reading) {
  std::printf("%s", path);
  std::string subject;
  for (const clean::Message& m : reading.messages) {
    if (const auto* h = std::get_if<clean::MailHeader>(&m)) subject = h->subject.value_or("");
    if (const auto* r = std::get_if<clean::Refusal>(&m))
      std::printf("\tREFUSED:%s", std::string(clean::slug(r->finding)).c_str());
    if (const auto* p = std::get_if<clean::Part>(&m))
      if (p->role != clean::Role::container)
        std::printf("\t%s|%s|%llu|%s|%s", role_name(p->role), p->declared_type.c_str(),
                    static_cast<unsigned long long>(p->size), hex(p->sha256).c_str(), p->name.c_str());
  }
  std::printf("\tSUBJECT=%s\n", subject.c_str());
}

// The answer must also survive the trusted side's reader.
void check(const char* path, const std::string& octets, const sanitizer::mail::Reading& reading) {
  std::string encoded;
  for (const clean::Message& m : reading.messages) clean::encode(m, encoded);
  clean::AnswerReader reader(octets.size());
  const Result<void> fed = reader.feed(encoded);
  if (!fed) std::printf("%s: ANSWER REFUSED: %s\n", path, fed.error().what.c_str());
  if (fed && !reader.complete()) std::printf("%s: ANSWER INCOMPLETE\n", path);
}

void dump(const char* path, const Options& options) {
  std::ifstream file(path, std::ios::binary);
  const std::string octets((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::clock_t begin = std::clock();
  for (int i = 1; i < options.times; ++i) (void)sanitizer::mail::read_mail(octets, options.job);
  const sanitizer::mail::Reading reading = sanitizer::mail::read_mail(octets, options.job);
  const double us = static_cast<double>(std::clock() - begin) * 1e6 / CLOCKS_PER_SEC;
  check(path, octets, reading);
  if (options.times > 0) std::printf("%s: %zu octets, %.1f us\n", path, octets.size(), us / options.times);
  if (options.quiet || options.times > 0) return;
  if (options.leaves) {
    print_leaves(path, reading);
    return;
  }
  std::printf("==== %s (%zu octets, %.0f us)\n", path, octets.size(), us);
  for (const clean::Message& m : reading.messages) {
    if (const auto* h = std::get_if<clean::MailHeader>(&m)) print(*h);
    if (const auto* p = std::get_if<clean::Part>(&m)) print(*p);
    if (const auto* r = std::get_if<clean::Refusal>(&m))
      std::printf("REFUSED: %s\n", std::string(clean::slug(r->finding)).c_str());
    if (const auto* b = std::get_if<clean::BodyText>(&m))
      std::printf("---- body (%s)\n%s\n----\n", slugs(b->findings).c_str(), b->text.c_str());
    if (const auto* t = std::get_if<clean::PartText>(&m))
      std::printf("---- words of %u\n%s\n----\n", t->part, t->text.c_str());
  }
  if (options.opinion)
    std::printf("mimetic %s\n",
                sanitizer::mail::mimetic_agrees(octets, reading.leaf_types) ? "agrees" : "differs");
}

}  // namespace

int main(int count, char** arguments) {
  Options options;
  sanitizer::mail::warm_up();
  for (int i = 1; i < count; ++i) {
    if (std::strcmp(arguments[i], "--leaves") == 0)
      options.leaves = true;
    else if (std::strcmp(arguments[i], "--quiet") == 0)
      options.quiet = true;
    else if (std::strcmp(arguments[i], "--opinion") == 0)
      options.opinion = true;
    else if (std::strcmp(arguments[i], "--words") == 0)
      options.job.part_texts = true;
    else if (std::strcmp(arguments[i], "--time") == 0 && i + 1 < count)
      options.times = std::atoi(arguments[++i]);
    else
      dump(arguments[i], options);
  }
  return 0;
}
