// How SQLite's full text index takes our words: they come cut (words.h) and parted by spaces; beside each
// word stand its beginnings, so that the beginning of a word is found as fast as a word.
#pragma once

#include "service/store/sqlite.h"

namespace kiyome::review {

// Makes the tokenizer `kiyome` known to this connection. Each connection needs it before it touches the
// index. Throws TemporaryFailure when this SQLite has no FTS5.
void add_tokenizer(store::Database& database);

}  // namespace kiyome::review
