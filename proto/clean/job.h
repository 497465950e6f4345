// How the trusted side asks a warm sanitizer for one job, over a SOCK_SEQPACKET socket. One datagram a
// message. JobRequest carries two descriptors: the input (a sealed memfd, read-only) and the write end of the
// answer pipe. FORMAT.md tells the octets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/base/result.h"

namespace kiyome::clean {

struct JobOptions {
  bool part_texts = false;      // also say the words of text-like attachments (policy `text`)
  bool any_file = false;        // the input need not be a mail: what is none by its content is one attachment
  bool contents = false;        // also say the octets of the parts that a next sandbox can read (PartContent)
  bool pixels = false;          // of a document: say its pages
  bool words = false;           // of a document: say its words; without pixels each page is one white pixel
  std::uint16_t dpi = 150;      // kDpiMin to kDpiMax
  std::uint32_t pages_max = 0;  // pages beyond are left out (pages-cut); 0 = kDocumentPages
  std::uint32_t first_page = 1;  // pages before are left out (pages-cut); pages_max counts from here
  bool show_hidden = false;      // of an office document: also sheets, rows, slides, words that it hides
  bool show_comments = false;    // … and its comments and speaker's notes
  bool accept_changes = false;   // … tracked changes as if all were accepted; else as it shows them
  bool fit_width = false;        // … a sheet without page setup is made to fit the width of a page
  std::string type;              // what the input was found to be: a media type, or empty
  std::string name;              // the sender's file name, a line; may be empty
  std::vector<std::string> passwords;  // to be tried in order on an encrypted input; lines
  bool operator==(const JobOptions&) const = default;
};

struct JobRequest {
  std::uint64_t job = 0;           // chosen by the asker, unique in this zygote's life
  std::uint32_t cpu_seconds = 0;   // RLIMIT_CPU of the child
  std::uint64_t memory_bytes = 0;  // RLIMIT_AS of the child
  JobOptions options;
  bool operator==(const JobRequest&) const = default;
};

struct JobKill {  // the asker's deadline has passed
  std::uint64_t job = 0;
  bool operator==(const JobKill&) const = default;
};

// From the zygote: ready once after warm-up and confinement; ended once for each job.
struct Ready {
  std::uint32_t version = 1;
  bool operator==(const Ready&) const = default;
};
struct JobEnded {
  std::uint64_t job = 0;
  std::int32_t exit_code = 0;  // -1 if a signal ended it
  std::int32_t signal = 0;     // 0 if it exited
  bool operator==(const JobEnded&) const = default;
};

using JobMessage = std::variant<JobRequest, JobKill, Ready, JobEnded>;
std::string encode_job(const JobMessage& message);
Result<JobMessage> decode_job(std::string_view datagram);  // exact

}  // namespace kiyome::clean
