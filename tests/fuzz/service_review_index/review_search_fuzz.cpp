// What a person types into the search box, and what hostile mails bring into the index: whatever the texts,
// SQLite takes the expression, a text is found by its own words, no text passes for a fact, and nothing
// leaves the word that was looked for. The first octet says of which column; LF parts the texts.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "proto/base/check.h"
#include "proto/base/limits.h"
#include "service/review/index/expression.h"
#include "service/review/index/facts.h"
#include "service/review/index/index.h"
#include "service/review/index/tokenizer.h"
#include "service/review/index/words.h"
#include "service/store/database.h"
#include "service/store/item_store.h"

using namespace kiyome;
using namespace kiyome::review;

namespace {

constexpr std::size_t kText = 1000;  // characters

// Lives as long as the program. The index is a temporary one in memory: the file is only there for the
// connection to be like the product's, and is gone again.
store::Database& database() {
  static store::Database* db = [] {
    std::string folder = (std::filesystem::temp_directory_path() / "kiyome-fuzz-XXXXXX").string();
    KIYOME_CHECK(::mkdtemp(folder.data()) != nullptr);
    auto* out = new store::Database(folder + "/review.db");
    std::filesystem::remove_all(folder);
    add_tokenizer(*out);
    out->execute(
        "PRAGMA temp_store=MEMORY; CREATE VIRTUAL TABLE temp.words USING fts5(subject, files, sender, "
        "recipients, facts, content='', columnsize=0, tokenize='kiyome')");
    return out;
  }();
  return *db;
}

bool is_found(const std::string& match) {
  bool out = false;
  database()
      .kept("SELECT rowid FROM words WHERE words MATCH ? LIMIT 1")
      .one([&](const store::Row&) { out = true; }, match);
  return out;
}

// Words of letters and digits, one space between, and no fact among them.
std::string checked_words(std::string_view text) {
  std::string out = searchable(text, kText);
  std::string_view rest = out;
  KIYOME_CHECK(!rest.starts_with(' ') && !rest.ends_with(' ') && rest.find("  ") == std::string_view::npos);
  KIYOME_CHECK(rest.find_first_of("\"'()*:^+-{}\\;,\t\n") == std::string_view::npos);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    KIYOME_CHECK(!is_fact(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

void check_pieces(std::string_view text) {
  const std::vector<SearchPiece> pieces = search_pieces(text);
  KIYOME_CHECK(pieces.size() <= limits::kReviewTerms);
  for (const SearchPiece& piece : pieces) {
    KIYOME_CHECK(!piece.words.empty() && piece.words.find('"') == std::string::npos);
    KIYOME_CHECK(piece.hex.empty() || is_hash_fact(hash_fact(piece.hex)));
    // Whatever an address is made of, it goes in as its hash.
    if (!piece.address.empty())
      KIYOME_CHECK(is_sender_fact(sender_fact(piece.address)) && is_fact(recipient_fact(piece.address)) &&
                   sender_fact(piece.address).size() == sender_fact("a@b.jp").size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4096) return 0;
  const std::string all(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t part = std::min(all.find('\n'), all.size());
  const std::string text = all.substr(0, part), other = all.substr(std::min(part + 1, all.size()));
  check_pieces(text);

  Query query;
  std::string* const columns[] = {&query.text, &query.subject, &query.file, &query.sender, &query.recipient};
  *columns[data[0] % 5] = text;
  query.department = other.substr(0, 20);
  if (data[0] & 0x80) query.kept = true;
  const Known known{[](const std::string& name) { return name == "d" ? 0 : 70'000; }, is_found};
  store::Database& db = database();
  db.execute("BEGIN");
  db.kept("INSERT INTO words (rowid, subject, files, sender, recipients, facts) VALUES (1,?,?,?,?,?)")
      .run(checked_words(text), checked_words(other), checked_words(text), checked_words(text),
           kept_fact() + " " + named_fact(70'000) + " " + sender_fact("a@b.jp"));
  if (const auto expression = expression_of(query, known); expression && !expression->empty())
    is_found(*expression);
  // Looked for by its own words it is found: pieces of a short text are all there.
  query = {};
  query.subject = text;
  if (text.size() <= limits::kReviewQuery && search_pieces(text).size() < limits::kReviewTerms)
    if (const auto expression = expression_of(query, known); expression && !expression->empty())
      KIYOME_CHECK(is_found(*expression));
  db.execute("ROLLBACK");
  return 0;
}
