// The front end's files: what is served as what, what is kept, what is never reached.
#include "service/portal/web_files.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "proto/base/limits.h"
#include "service/base/descriptor.h"
#include "service/base/errors.h"

using namespace kiyome;
using kiyome::portal::WebFiles;

namespace {

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "kiyome-web-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
    write("index.html", "<!doctype html>index");
    write("index.html.br", "br-index");
    write("index.html.gz", "gz-index");
    write("favicon.svg", "<svg/>");
    write("assets/main-2XKDVBHM.js", "code");
    write("assets/main-2XKDVBHM.js.gz", "gz-code");
    write("assets/style.css", "style");
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  void write(const std::string& name, const std::string& content) {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << content;
  }
  const std::filesystem::path& path() const { return path_; }
  std::shared_ptr<const WebFiles> read() const {
    const Descriptor directory(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return std::make_shared<const WebFiles>(directory.get());
  }

 private:
  std::filesystem::path path_;
};

struct Got {
  int status = 0;
  std::map<std::string, std::string> headers;
  std::string content;
};

Got get(const std::shared_ptr<const WebFiles>& files, const std::string& path,
        const std::string& codings = "", const std::string& tag = "", const std::string& method = "GET") {
  http::Request request;
  request.method = method;
  request.path = path;
  if (!codings.empty()) request.headers["accept-encoding"] = codings;
  if (!tag.empty()) request.headers["if-none-match"] = tag;
  Got out;
  try {
    http::Response response = files->answer(request, files);
    out.status = response.status;
    out.headers = {response.headers.begin(), response.headers.end()};
    char buffer[3];
    while (const std::size_t count = response.source ? response.source->read(buffer, sizeof buffer) : 0)
      out.content.append(buffer, count);
  } catch (const http::Problem& problem) {
    out.status = problem.status;
  }
  return out;
}

}  // namespace

TEST_CASE("web files: each has its type, its tag, and how long it is kept") {
  const auto files = Folder().read();
  const Got index = get(files, "/");
  CHECK(index.content == "<!doctype html>index");
  CHECK(index.headers.at("Content-Type") == "text/html; charset=utf-8");
  CHECK(index.headers.at("Cache-Control") == "no-cache");
  CHECK(index.headers.at("Vary") == "Accept-Encoding");
  const Got code = get(files, "/assets/main-2XKDVBHM.js");
  CHECK(code.headers.at("Content-Type") == "text/javascript; charset=utf-8");
  CHECK(code.headers.at("Cache-Control") == "public, max-age=31536000, immutable");
  CHECK(get(files, "/assets/style.css").headers.at("Cache-Control") == "no-cache");
  CHECK(get(files, "/favicon.svg").headers.at("Content-Type") == "image/svg+xml");
}

TEST_CASE("web files: paths of pages are the index, and nothing below /api/ is") {
  const auto files = Folder().read();
  for (const char* path : {"/", "/index.html", "/approvals", "/deliveries/0190", "/apiary"})
    CHECK_MESSAGE(get(files, path).content == "<!doctype html>index", path);
  for (const char* path :
       {"/api", "/api/v1/nothing", "/missing.js", "/assets/missing.css", "/index.html.gz", "/.git"})
    CHECK_MESSAGE(get(files, path).status == 404, path);
  CHECK(get(files, "/", "", "", "POST").status == 405);
  CHECK(get(files, "/api/v1/nothing", "", "", "POST").status == 404);
  CHECK(get(std::make_shared<const WebFiles>(-1), "/").status == 404);
}

TEST_CASE("web files: packed twins for who takes them") {
  const auto files = Folder().read();
  CHECK(get(files, "/", "gzip, deflate, br").content == "br-index");
  CHECK(get(files, "/", "gzip, deflate, br").headers.at("Content-Encoding") == "br");
  CHECK(get(files, "/", "GZIP").content == "gz-index");
  CHECK(get(files, "/", "br;q=0, gzip;q=0.5").content == "gz-index");
  CHECK(get(files, "/", "br;q=0.0, gzip; q=0").content == "<!doctype html>index");
  CHECK(get(files, "/", "brx, xgzip").content == "<!doctype html>index");
  CHECK(!get(files, "/", "identity").headers.contains("Content-Encoding"));
  CHECK(get(files, "/assets/main-2XKDVBHM.js", "br, gzip").content == "gz-code");
}

TEST_CASE("web files: what a browser has already is not sent again, each coding by itself") {
  const auto files = Folder().read();
  const std::string tag = get(files, "/").headers.at("ETag");
  const std::string packed = get(files, "/", "br").headers.at("ETag");
  CHECK(tag != packed);
  CHECK(get(files, "/", "", tag).status == 304);
  CHECK(get(files, "/", "", "\"x\", W/" + tag).status == 304);
  CHECK(get(files, "/", "", "*").status == 304);
  CHECK(get(files, "/", "br", tag).status == 200);
  CHECK(get(files, "/", "br", packed).status == 304);
  CHECK(get(files, "/", "", "\"x\"").status == 200);
}

TEST_CASE("web files: links, strange types and deep folders are left out; too large ones are a mistake") {
  Folder folder;
  std::filesystem::create_symlink("/etc/passwd", folder.path() / "passwd.txt");
  folder.write("program.php", "x");
  folder.write("a/b/c/d/in.txt", "x");
  folder.write("a/b/c/d/e/out.txt", "x");
  const auto files = folder.read();
  CHECK(get(files, "/passwd.txt").status == 404);
  CHECK(get(files, "/program.php").status == 404);
  CHECK(get(files, "/a/b/c/d/in.txt").status == 200);
  CHECK(get(files, "/a/b/c/d/e/out.txt").status == 404);
  folder.write("big.txt", std::string(limits::kWebFileBytes, 'x'));
  CHECK(get(folder.read(), "/big.txt").content.size() == limits::kWebFileBytes);
  folder.write("big.txt", std::string(limits::kWebFileBytes + 1, 'x'));
  CHECK_THROWS_AS(folder.read(), ConfigError);
}

TEST_CASE("web files: bounds in number and in all") {
  Folder folder;  // has 7 files
  for (std::size_t i = 7; i < limits::kWebFiles; ++i) folder.write("t/" + std::to_string(i) + ".txt", "");
  CHECK(get(folder.read(), "/").status == 200);
  folder.write("t/more.txt", "");
  CHECK_THROWS_AS(folder.read(), ConfigError);
  Folder heavy;
  for (std::size_t i = 0; i < limits::kWebAllBytes / limits::kWebFileBytes; ++i)
    heavy.write("t/" + std::to_string(i) + ".txt", std::string(limits::kWebFileBytes, 'x'));
  CHECK_THROWS_AS(heavy.read(), ConfigError);
}
