// The files of the built front end, read once and kept in memory: no request ever names a file of the disk.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "service/http/http.h"

namespace kiyome::portal {

// Never changes; thread-safe.
class WebFiles {
 public:
  // An open directory, or -1 for none. Files of unknown types and symbolic links are left out, which is
  // logged. Throws ConfigError when it cannot be read or is larger than limits.h allows.
  explicit WebFiles(int directory);

  // The file of a path; index.html for "/" and for paths of pages ("/approvals": no extension, not /api/);
  // else throws Problem 404, for another method 405. `self` is kept until the answer is sent.
  http::Response answer(const http::Request& request, std::shared_ptr<const WebFiles> self) const;

 private:
  struct File {
    std::string type;
    std::string plain, gzip, brotli;  // content; the packed twins are empty when there are none
    std::string plain_tag, gzip_tag, brotli_tag;
    bool immutable = false;  // its name changes with its content
  };
  struct Reading;
  const File* find(std::string_view path) const;
  static void read_folder(int directory, const std::string& prefix, std::size_t depth, Reading& reading);
  static void read_file(int directory, const std::string& name, const std::string& path, Reading& reading);

  std::map<std::string, File, std::less<>> files_;  // by "/assets/main-1a2b3c4d.js"
};

}  // namespace kiyome::portal
