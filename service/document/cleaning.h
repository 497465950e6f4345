// The steps of one file's way, for document_cleaner.cpp and its neighbours only.
#pragma once

#include <functional>
#include <memory>

#include "service/document/document_cleaner.h"
#include "service/document/pages.h"

namespace kiyome::document {

class Cleaning {
 public:
  Cleaning(Sanitizers& sanitizers, const Config& config, const Wish& wish, Budget& budget)
      : sanitizers_(sanitizers), config_(config), wish_(wish), budget_(budget) {}

  // `depth` counts the archives and mails it lies in.
  Made clean(const File& file, unsigned depth);
  // Of all that was drawn.
  Pictures take_pictures() { return std::move(pictures_); }

 private:
  // What holds it before any sandbox, or nothing.
  std::optional<Made> held_at_once(const File& file) const;
  Made by_route(const File& file, unsigned depth);
  Made text(const File& file);
  // `before`: what another sandbox has said of it, when `content` is that one's.
  Made drawn(const File& file, Kind kind, const Content& content, const PageSink* before = nullptr);
  workers::JobEnd tell_cut(const PageSink* before, PageSink& sink, std::uint16_t dpi, Made& made);
  Made through_office(const File& file);
  // entries.cpp
  Made opened(const File& file, Kind kind, unsigned depth);
  // `place`: its own, within the file that was given.
  Made entry(const clean::Part& part, const Content* content, const std::string& place, unsigned depth);

  std::unique_ptr<PageSink> sink_for(const File& file) const;
  bool stays_a_picture(const File& file) const;
  std::uint16_t dpi_for(const File& file) const;
  clean::JobOptions options_for(const File& file) const;
  workers::Bounds bounds_for(Kind kind, std::uint64_t size) const;
  void note_numbers(Made& made) const;  // in the words that its last file is
  bool pays_for(const Made& made);
  // The sandbox gets a second chance, each with a reader that `fresh` gives. Not begun when the item's time
  // is used up.
  workers::JobEnd run(Kind kind, const Content& content, const clean::JobOptions& options,
                      const std::function<clean::Reader&()>& fresh, Made& made);

  Sanitizers& sanitizers_;
  const Config& config_;
  const Wish& wish_;
  Budget& budget_;
  Pictures pictures_;
  std::string place_;  // of the archive or mail that is being opened: "" or "0/1/"
};

Made held(std::vector<clean::Finding> reasons, clean::Finding why);
// How a job's failure is told of a part: only an item has findings of effect `item`.
clean::Finding reason_of(clean::Finding failure);
// What holds a file before anything is tried. That it is encrypted is seen again by its own sanitizer, which
// has the passwords.
bool holds(clean::Finding finding);

}  // namespace kiyome::document
