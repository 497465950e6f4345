// One file of `kiyome sanitize`: the same steps as an item of the relay, and files in a folder at the end.
#pragma once

#include <string>
#include <vector>

#include "service/base/config.h"
#include "service/document/content.h"
#include "service/document/document_cleaner.h"
#include "service/document/password_words.h"
#include "service/document/sanitizers.h"

namespace kiyome::command {

struct Outcome {
  std::string line;  // of the report
  std::string told;  // to a person
  bool held = false;
};

// Thread-safe.
class FileSanitizer {
 public:
  FileSanitizer(document::Sanitizers& sanitizers, const Config& config, std::vector<std::string> passwords,
                std::string folder)
      : sanitizers_(sanitizers),
        config_(config),
        passwords_(std::move(passwords)),
        folder_(std::move(folder)),
        documents_(sanitizers, config) {}

  // Throws TemporaryFailure when no sanitizer is to be had or a file cannot be read or written.
  Outcome sanitize(const std::string& path);

 private:
  struct Case;
  struct Written;
  void scan(Case& one) const;
  void look(Case& one);
  void clean_mail(Case& one);
  void clean_file(Case& one);
  std::vector<std::string> passwords_for(const document::PasswordWords& words) const;
  bool write_all_of(Case& one, std::vector<Written>& files);
  Outcome told(const Case& one) const;

  document::Sanitizers& sanitizers_;
  const Config& config_;
  const std::vector<std::string> passwords_;
  const std::string folder_;
  document::DocumentCleaner documents_;
};

}  // namespace kiyome::command
