#include "service/portal/web_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "proto/base/limits.h"
#include "service/base/descriptor.h"
#include "service/base/digest.h"
#include "service/base/errors.h"
#include "service/base/log.h"
#include "service/base/sockets.h"

namespace kiyome::portal {
namespace {

struct Type {
  std::string_view ending, type;
};
constexpr std::array<Type, 14> kTypes{{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".txt", "text/plain; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".webp", "image/webp"},
    {".jpg", "image/jpeg"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".woff", "font/woff"},
}};

std::string_view type_of(std::string_view path) {
  for (const Type& known : kTypes)
    if (path.ends_with(known.ending)) return known.type;
  return {};
}

std::string tag_of(std::string_view content) {
  static constexpr char kHex[] = "0123456789abcdef";
  const auto digest = sha256(content);
  std::string out = "\"";
  for (std::size_t i = 0; i < 16; ++i) {
    out += kHex[digest[i] >> 4];
    out += kHex[digest[i] & 15];
  }
  return out + "\"";
}

// "assets/main-1A2B3C4D.js", as bundlers write it: eight or more characters behind a mark, with a digit among
// them or all upper case. A digest that looks like a word is asked for again each time, which costs a 304.
bool has_digest(std::string_view path) {
  if (!path.starts_with("/assets/")) return false;
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::string_view stem = name.substr(0, name.rfind('.'));
  const std::size_t mark = stem.find_last_of("-.");
  if (mark == std::string_view::npos || stem.size() - mark < 9) return false;
  const std::string_view digest = stem.substr(mark + 1);
  const auto upper = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
  return digest.find_first_of("0123456789") != std::string_view::npos ||
         std::all_of(digest.begin(), digest.end(), upper);
}

// Whether the client takes a coding (RFC 9110 section 12.5.3): named, and not with the weight 0.
bool accepts(std::string_view list, std::string_view coding) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    std::string entry;
    for (const char c : list.substr(0, end))
      if (c != ' ' && c != '\t') entry += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    list.remove_prefix(std::min(end + 1, list.size()));
    const std::size_t parameter = std::min(entry.find(';'), entry.size());
    if (std::string_view(entry).substr(0, parameter) != coding) continue;
    const std::string weight = entry.substr(parameter);
    return !weight.starts_with(";q=0") || weight.find_first_of("123456789") != std::string::npos;
  }
  return false;
}

bool matches(std::string_view list, std::string_view tag) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    std::string_view entry = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    while (entry.starts_with(' ')) entry.remove_prefix(1);
    while (entry.ends_with(' ')) entry.remove_suffix(1);
    if (entry.starts_with("W/")) entry.remove_prefix(2);  // weak comparison, RFC 9110 section 13.1.2
    if (entry == "*" || entry == tag) return true;
  }
  return false;
}

class MemorySource : public http::Source {
 public:
  MemorySource(std::string_view content, std::shared_ptr<const WebFiles> owner)
      : rest_(content), size_(content.size()), owner_(std::move(owner)) {}
  std::uint64_t size() const override { return size_; }
  std::size_t read(char* into, std::size_t size) override {
    const std::size_t count = std::min(size, rest_.size());
    std::memcpy(into, rest_.data(), count);
    rest_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view rest_;
  std::uint64_t size_;
  std::shared_ptr<const WebFiles> owner_;  // keeps the content
};

}  // namespace

struct WebFiles::Reading {
  std::map<std::string, std::string> contents;  // by path
  std::size_t octets = 0;
};

void WebFiles::read_file(int directory, const std::string& name, const std::string& path, Reading& reading) {
  const Descriptor file(::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) throw_errno("web" + path);
  std::string_view kind = path;
  for (const std::string_view packed : {".gz", ".br"})
    if (kind.ends_with(packed)) kind.remove_suffix(packed.size());
  if (!S_ISREG(status.st_mode) || type_of(kind).empty()) {
    log::warning("web-file-left-out", {{"path", path}});
    return;
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > limits::kWebFileBytes || size > limits::kWebAllBytes - reading.octets ||
      reading.contents.size() >= limits::kWebFiles)
    throw ConfigError("web" + path + ": too large");
  std::string content = read_whole(file.get());
  reading.octets += content.size();
  reading.contents.emplace(path, std::move(content));
}

void WebFiles::read_folder(int directory, const std::string& prefix, std::size_t depth, Reading& reading) {
  Descriptor own(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own) throw_errno("web" + prefix);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(own.get()), ::closedir);
  if (!listing) throw_errno("web" + prefix);
  own.release();  // the listing closes it
  while (const dirent* const entry = ::readdir(listing.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat status {};
    if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) throw_errno("web" + prefix);
    const std::string path = prefix + "/" + name;
    if (S_ISLNK(status.st_mode) || (S_ISDIR(status.st_mode) && depth == 0)) {
      log::warning("web-file-left-out", {{"path", path}});
    } else if (S_ISDIR(status.st_mode)) {
      const Descriptor inner(
          ::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!inner) throw_errno("web" + path);
      read_folder(inner.get(), path, depth - 1, reading);
    } else {
      read_file(directory, name, path, reading);
    }
  }
}

WebFiles::WebFiles(int directory) {
  if (directory < 0) return;
  Reading reading;
  try {
    read_folder(directory, "", limits::kWebDepth, reading);
  } catch (const TemporaryFailure& failure) {
    throw ConfigError(failure.what());
  }
  const auto twin = [&](const std::string& path) {
    const auto found = reading.contents.find(path);
    return found == reading.contents.end() ? std::string() : std::move(found->second);
  };
  for (auto& [path, content] : reading.contents) {
    if (path.ends_with(".gz") || path.ends_with(".br")) continue;
    File file;
    file.type = type_of(path);
    file.immutable = has_digest(path);
    file.gzip = twin(path + ".gz");
    file.brotli = twin(path + ".br");
    file.plain = std::move(content);
    file.plain_tag = tag_of(file.plain);
    file.gzip_tag = tag_of(file.gzip);
    file.brotli_tag = tag_of(file.brotli);
    files_.emplace(path, std::move(file));
  }
}

const WebFiles::File* WebFiles::find(std::string_view path) const {
  const auto at = [&](std::string_view name) {
    const auto found = files_.find(name);
    return found == files_.end() ? nullptr : &found->second;
  };
  if (const File* const file = at(path)) return file;
  const bool page = path.substr(path.rfind('/')).find('.') == std::string_view::npos;
  if (page)  // one that stands beside the site: "/ask"
    if (const File* const beside = at(std::string(path) + ".html")) return beside;
  return page && path != "/api" && !path.starts_with("/api/") ? at("/index.html") : nullptr;
}

http::Response WebFiles::answer(const http::Request& request, std::shared_ptr<const WebFiles> self) const {
  const File* const file = find(request.path);
  if (file == nullptr) throw http::Problem{404, "not-found", {}};
  if (request.method != "GET" && request.method != "HEAD")
    throw http::Problem{405, "method", {}, {}, {{"Allow", "GET, HEAD"}}};
  const std::string_view codings = request.header("accept-encoding");
  const bool brotli = !file->brotli.empty() && accepts(codings, "br");
  const bool gzip = !brotli && !file->gzip.empty() && accepts(codings, "gzip");
  const std::string& content = brotli ? file->brotli : gzip ? file->gzip : file->plain;
  const std::string& tag = brotli ? file->brotli_tag : gzip ? file->gzip_tag : file->plain_tag;

  http::Response response;
  response.headers = {
      {"Content-Type", file->type},
      {"ETag", tag},
      {"Vary", "Accept-Encoding"},
      {"Cache-Control", file->immutable ? "public, max-age=31536000, immutable" : "no-cache"}};
  if (brotli || gzip) response.headers.emplace_back("Content-Encoding", brotli ? "br" : "gzip");
  if (matches(request.header("if-none-match"), tag))
    response.status = 304;
  else
    response.source = std::make_unique<MemorySource>(content, std::move(self));
  return response;
}

}  // namespace kiyome::portal
