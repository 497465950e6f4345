// Values on PostgreSQL's wire, in its binary formats: parameters of a statement, columns of an answer.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "service/store/database.h"

namespace kiyome::store::postgres {

// Of one statement; views live as long as what they were put from.
class Parameters {
 public:
  void put(int index, std::int64_t value);
  void put(int index, double value);
  // PostgreSQL's text is whole UTF-8 without U+0000: what is not becomes U+FFFD.
  void put(int index, std::string_view text);
  void put(int index, Blob blob);
  void put(int index, Null);
  void clear();

  int count() const { return static_cast<int>(oids_.size()); }
  const Oid* oids() const { return oids_.data(); }
  const char* const* values();
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }
  const std::string& types() const { return types_; }  // a character for each

 private:
  struct Value {
    std::string own;        // octets that had to be made …
    std::string_view from;  // … or those of the caller
    bool is_own = false, null = false;
  };
  Value& at(int index, Oid oid, char type);

  std::vector<Value> values_;
  std::vector<Oid> oids_;
  std::vector<const char*> pointers_;
  std::vector<int> lengths_, formats_;
  std::string types_;
};

// A number of any of its types (bigint, integer, boolean, numeric: sums); 0 for NULL.
std::int64_t integer_of(const PGresult* answer, int row, int column);
double real_of(const PGresult* answer, int row, int column);

}  // namespace kiyome::store::postgres
