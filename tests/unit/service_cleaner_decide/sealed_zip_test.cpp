#include "service/cleaner/decide/sealed_zip.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>

#include "service/gate/verify_sealed_zip.h"

using namespace kiyome;
using cleaner::sealed_zip;

namespace {

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "kiyome-sealed-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

// What 7-Zip, which shares no code with us, gets out of it; nothing when it refuses.
std::string opened(const std::string& zip, const std::string& password, bool& good) {
  const Folder folder;
  const std::string file = (folder.path / "a.zip").string();
  std::ofstream(file, std::ios::binary) << zip;
  FILE* pipe = ::popen(("7z x -so '-p" + password + "' '" + file + "' 2>/dev/null").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string out;
  char buffer[65536];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, pipe)) out.append(buffer, count);
  good = ::pclose(pipe) == 0;
  return out;
}

bool has_7z() { return std::system("command -v 7z >/dev/null 2>&1") == 0; }

std::string noise(std::size_t size) {
  std::string out(size, '\0');
  unsigned seed = 7;
  for (char& c : out) c = static_cast<char>((seed = seed * 1664525u + 1013904223u) >> 24);
  return out;
}

}  // namespace

TEST_CASE("sealed ZIP: 7-Zip gets exactly the content with the password, and nothing with another one") {
  if (!has_7z()) return;  // the tests' packages have it: deploy/install-dependencies --tests
  for (const std::string& content :
       {std::string(), std::string("a"), std::string(100'000, 'b'), noise(65'536), noise(200'001)}) {
    const std::string zip = sealed_zip("請求書.eml", content, "correct horse");
    bool good = false;
    CHECK(opened(zip, "correct horse", good) == content);
    CHECK(good);
    opened(zip, "wrong", good);
    CHECK_FALSE(good);
  }
}

TEST_CASE("sealed ZIP: an altered octet of the entry is found") {
  if (!has_7z()) return;
  std::string zip = sealed_zip("a.bin", noise(1000), "correct horse");
  zip[zip.size() / 2] = static_cast<char>(zip[zip.size() / 2] ^ 1);
  bool good = true;
  opened(zip, "correct horse", good);
  CHECK_FALSE(good);
}

TEST_CASE("sealed ZIP: AE-2 of AES-256, no checksum, nothing of the content, and no two alike") {
  const std::string content = "MARKER-of-an-original " + std::string(2000, 'x');
  const std::string zip = sealed_zip("a.eml", content, "p");
  CHECK(zip.starts_with(std::string("PK\3\4\x33\0\x01\x08\x63\0", 10)));
  CHECK(zip.substr(14, 4) == std::string(4, '\0'));
  CHECK(zip.substr(30 + 5, 11) == std::string("\x01\x99\x07\0\x02\0AE\x03\x08\0", 11));
  CHECK(zip.find("MARKER") == std::string::npos);
  CHECK(zip != sealed_zip("a.eml", content, "p"));
}

// The gate shares no code with the writer.
TEST_CASE("sealed ZIP: the gate proves what is written here") {
  const std::string longest(251, 'n');
  for (const std::string& name : {std::string("a"), std::string("請求書.eml"), longest + ".eml"})
    for (const std::string& content :
         {std::string(), std::string("a"), std::string(5000, 'b'), noise(5001)}) {
      const std::string zip = sealed_zip(name, content, "correct horse");
      CHECK_FALSE(gate::verify_sealed_zip(zip, name));
      CHECK(gate::verify_sealed_zip(zip, "other.eml"));
    }
}

TEST_CASE("sealed ZIP: passwords are long, of plain characters, and all different") {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string password = cleaner::new_seal_password();
    CHECK(password.size() == 29);
    CHECK(password.find_first_not_of("23456789abcdefghjkmnpqrstuvwxyz#-") == std::string::npos);
    seen.insert(password);
  }
  CHECK(seen.size() == 100);
}
