// Writes charset_tables.cpp on standard output, when the project is built. Asks the C library's iconv for
// every code of every charset; a charset that it lacks ends the build.
#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "sanitizers/text/charset.h"
#include "sanitizers/text/charset_tables.h"

namespace {

using namespace kiyome::sanitizer::text;

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "charset tables: %s\n", what.c_str());
  std::exit(1);
}

// What a code stands for: up to two characters, nothing, or the beginning of a longer code.
struct Meaning {
  std::array<char32_t, 2> characters{};
  bool more = false;
};

class Source {
 public:
  explicit Source(const char* name) : name_(name), converter_(iconv_open("UTF-32LE", name)) {
    if (converter_ == reinterpret_cast<iconv_t>(-1)) give_up(std::string("iconv does not know ") + name);
  }
  ~Source() { iconv_close(converter_); }
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  Meaning ask(std::string_view code) const {
    iconv(converter_, nullptr, nullptr, nullptr, nullptr);
    std::string copy(code);
    std::array<char32_t, 4> out{};
    char* from = copy.data();
    char* to = reinterpret_cast<char*>(out.data());
    std::size_t in_left = copy.size(), out_left = sizeof out;
    const std::size_t result = iconv(converter_, &from, &in_left, &to, &out_left);
    if (result == static_cast<std::size_t>(-1)) return {{}, errno == EINVAL};
    if (in_left != 0) return {};
    iconv(converter_, nullptr, nullptr, &to, &out_left);  // those that wait for a combining mark
    const std::size_t count = out.size() - out_left / sizeof out[0];
    if (count > 2) give_up(std::string(name_) + ": a code of more than two characters");
    return {{out[0], out[1]}, false};
  }
  // One character of the BMP, or 0.
  unsigned one(std::string_view code) const {
    const Meaning meaning = ask(code);
    return meaning.characters[1] == 0 && meaning.characters[0] <= 0xffff ? meaning.characters[0] : 0;
  }
  const char* name() const { return name_; }

 private:
  const char* name_;
  iconv_t converter_;
};

std::string code_of(std::initializer_list<unsigned> octets) {
  std::string out;
  for (const unsigned octet : octets) out += static_cast<char>(octet);
  return out;
}

void print(const char* type, const char* name, const std::vector<unsigned>& values) {
  std::printf("const %s %s[] = {", type, name);
  for (std::size_t i = 0; i < values.size(); ++i) std::printf("%s%u,", i % 16 == 0 ? "\n" : "", values[i]);
  std::printf("\n};\n");
}

void print_cp932() {
  const Source source("CP932");
  std::vector<unsigned> out;
  for (unsigned row = 0; row < 120; ++row)
    for (unsigned cell = 0; cell < 94; ++cell)
      out.push_back(source.one(code_of(
          {row / 2 + (row < 62 ? 0x81 : 0xc1), row % 2 != 0 ? 0x9f + cell : 0x40 + cell + (cell >= 0x3f)})));
  print("char16_t", "kCp932", out);
}

void print_jis_x_0212() {
  const Source source("EUC-JP-MS");
  std::vector<unsigned> out;
  for (unsigned row = 0; row < 94; ++row)
    for (unsigned cell = 0; cell < 94; ++cell)
      out.push_back(source.one(code_of({0x8f, 0xa1 + row, 0xa1 + cell})));
  print("char16_t", "kJisX0212", out);
}

void print_single_octet() {
  std::printf("const char16_t kSingleOctet[][128] = {\n");
  for (std::size_t i = 0; i < single_octet_count(); ++i) {
    const Source source(kSingleOctetNames[i]);
    std::printf("{");
    for (unsigned octet = 0x80; octet < 0x100; ++octet) std::printf("%u,", source.one(code_of({octet})));
    std::printf("},\n");
  }
  std::printf("};\n");
}

class Trees {
 public:
  void add(const char* name) {
    const Source source(name);
    gb18030_ = std::strcmp(name, "GB18030") == 0;
    // Seven common signs of Big5, "／" and "＼" among them, are missing in the Hong Kong superset.
    const Source cousin("CP950");
    cousin_ = std::strcmp(name, "BIG5-HKSCS") == 0 ? &cousin : nullptr;
    if (gb18030_) check_regular(source);
    roots_.push_back(node(source, {}) & tables::kPlace);
  }
  void print_all() const {
    print("std::uint32_t", "kCells", cells_);
    std::printf("const char32_t kPairs[][2] = {");
    for (const auto& pair : pairs_) std::printf("{%u,%u},", unsigned(pair[0]), unsigned(pair[1]));
    std::printf("};\nconst Node kNodes[] = {");
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      std::printf("%s{%u,%u,%u},", i % 8 == 0 ? "\n" : "", unsigned(nodes_[i].first),
                  unsigned(nodes_[i].count), unsigned(nodes_[i].cells));
    std::printf("\n};\n");
    print("std::uint32_t", "kRoots", roots_);
  }

 private:
  // The node of all codes that begin with `lead`, as a cell; 0 when there are none.
  unsigned node(const Source& source, const std::string& lead) {
    std::vector<unsigned> cells(256);
    for (unsigned octet = 0; octet < 256; ++octet)
      cells[octet] = cell(source, lead + static_cast<char>(octet));
    const auto used = [](unsigned value) { return value != 0; };
    const auto first = std::find_if(cells.begin(), cells.end(), used);
    if (first == cells.end()) return 0;
    const auto end = std::find_if(cells.rbegin(), cells.rend(), used).base();
    nodes_.push_back({static_cast<std::uint8_t>(first - cells.begin()),
                      static_cast<std::uint16_t>(end - first), static_cast<std::uint32_t>(cells_.size())});
    cells_.insert(cells_.end(), first, end);
    return tables::kMore | static_cast<unsigned>(nodes_.size() - 1);
  }
  unsigned cell(const Source& source, const std::string& code) {
    Meaning meaning = source.ask(code);
    if (meaning.more) return code.size() == 4 || is_regular(code) ? 0 : node(source, code);
    if (meaning.characters[0] == 0 && cousin_ != nullptr && code.size() == 2 && is_extra(code))
      meaning = cousin_->ask(code);
    if (meaning.characters[1] == 0) return meaning.characters[0];
    pairs_.push_back(meaning.characters);
    return tables::kPair | static_cast<unsigned>(pairs_.size() - 1);
  }
  static bool is_extra(const std::string& code) {
    constexpr std::array<std::string_view, 7> kBig5Extra = {"\xa1\x5a", "\xa1\xc3", "\xa1\xc5", "\xa1\xfe",
                                                            "\xa2\x40", "\xa2\xcc", "\xa2\xce"};
    return std::find(kBig5Extra.begin(), kBig5Extra.end(), code) != kBig5Extra.end();
  }
  // The four-octet codes of GB18030 beyond the BMP follow a rule and need no table (multi_octet() knows it).
  bool is_regular(const std::string& code) const {
    return gb18030_ && code.size() == 2 && static_cast<unsigned char>(code[0]) >= 0x90;
  }
  static void check_regular(const Source& source) {
    for (unsigned at = 0; at < 0x100000; at += 41)
      if (source
              .ask(code_of({0x90 + at / 12600, 0x30 + at / 1260 % 10, 0x81 + at / 10 % 126, 0x30 + at % 10}))
              .characters[0] != 0x10000 + at)
        give_up("GB18030 beyond the BMP is not as its standard says");
  }

  bool gb18030_ = false;
  const Source* cousin_ = nullptr;
  std::vector<unsigned> cells_, roots_;
  std::vector<std::array<char32_t, 2>> pairs_;
  std::vector<tables::Node> nodes_;
};

}  // namespace

int main() {
  std::printf(
      "// Made by sanitizers/text/charset_tables_main.cpp.\n#include \"sanitizers/text/charset_tables.h\"\n"
      "namespace kiyome::sanitizer::text::tables {\n");
  print_cp932();
  print_jis_x_0212();
  print_single_octet();
  Trees trees;
  for (std::size_t i = 0; i < multi_octet_count(); ++i) trees.add(kMultiOctetNames[i]);
  trees.print_all();
  std::printf("}  // namespace kiyome::sanitizer::text::tables\n");
}
