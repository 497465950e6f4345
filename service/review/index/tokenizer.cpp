#include "service/review/index/tokenizer.h"

#include <sqlite3.h>

#include <string_view>

#include "service/base/errors.h"
#include "service/review/index/facts.h"
#include "service/review/index/words.h"

namespace kiyome::review {
namespace {

using Take = int (*)(void*, int, const char*, int, int, int);

int create(void*, const char**, int, Fts5Tokenizer** out) {
  static char nothing = 0;  // it has no state
  *out = reinterpret_cast<Fts5Tokenizer*>(&nothing);
  return SQLITE_OK;
}
void remove(Fts5Tokenizer*) {}

// Facts are found whole. SQLite's own prefix search serves longer beginnings of the others.
int take_beginnings(void* context, Take take, std::string_view word, int from, int to) {
  if (is_fact(word)) return SQLITE_OK;
  std::size_t characters = 0;
  for (std::size_t at = 1; at < word.size(); ++at) {
    if ((static_cast<unsigned char>(word[at]) & 0xC0) == 0x80) continue;
    if (++characters > kWordBeginnings) break;
    const int code = take(context, FTS5_TOKEN_COLOCATED, word.data(), static_cast<int>(at), from, to);
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

int tokenize(Fts5Tokenizer*, void* context, int flags, const char* text, int size, Take take) {
  const std::string_view all(text == nullptr ? "" : text, static_cast<std::size_t>(size));
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find(' ', at), all.size());
    const std::string_view word = all.substr(at, end - at);
    const int from = static_cast<int>(at), to = static_cast<int>(end);
    at = end + 1;
    if (word.empty()) continue;
    int code = take(context, 0, word.data(), static_cast<int>(word.size()), from, to);
    if (code == SQLITE_OK && (flags & FTS5_TOKENIZE_QUERY) == 0)
      code = take_beginnings(context, take, word, from, to);
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

}  // namespace

void add_tokenizer(store::Database& database) {
  fts5_api* api = nullptr;
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(store::sqlite_handle(database), "SELECT fts5(?1)", -1, &statement, nullptr) ==
      SQLITE_OK) {
    sqlite3_bind_pointer(statement, 1, static_cast<void*>(&api), "fts5_api_ptr", nullptr);
    sqlite3_step(statement);
  }
  sqlite3_finalize(statement);
  fts5_tokenizer ours{create, remove, tokenize};
  if (api == nullptr || api->xCreateTokenizer(api, "kiyome", nullptr, &ours, nullptr) != SQLITE_OK)
    throw TemporaryFailure("database: this SQLite has no full text index (FTS5)");
}

}  // namespace kiyome::review
