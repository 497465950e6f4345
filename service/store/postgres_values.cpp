#include "service/store/postgres_values.h"

#include <endian.h>
#include <utf8proc.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "service/base/errors.h"

namespace kiyome::store::postgres {
namespace {

// Of the server's catalogue (pg_type.dat).
constexpr Oid kBool = 16, kBytea = 17, kInt8 = 20, kInt2 = 21, kInt4 = 23, kText = 25, kFloat8 = 701,
              kNumeric = 1700;

template <class Integer>
Integer read(const char* octets) {
  Integer out{};
  std::memcpy(&out, octets, sizeof out);
  if constexpr (sizeof out == 8) return static_cast<Integer>(be64toh(static_cast<std::uint64_t>(out)));
  if constexpr (sizeof out == 4) return static_cast<Integer>(be32toh(static_cast<std::uint32_t>(out)));
  if constexpr (sizeof out == 2) return static_cast<Integer>(be16toh(static_cast<std::uint16_t>(out)));
}

// Its whole part: four 16-bit fields (digits, weight of the first, sign, scale), then digits to the base
// 10,000.
std::int64_t whole_of_numeric(const char* octets, int size) {
  if (size < 8) return 0;
  const int digits = read<std::uint16_t>(octets), weight = read<std::int16_t>(octets + 2);
  std::int64_t out = 0;
  for (int i = 0; i <= weight; ++i)
    out = out * 10000 + (i < digits && 10 + 2 * i <= size ? read<std::uint16_t>(octets + 8 + 2 * i) : 0);
  return read<std::uint16_t>(octets + 4) == 0x4000 ? -out : out;
}

bool plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<signed char>(c) > 0; });
}

// Empty when it is sound as it stands.
std::string made_sound(std::string_view text) {
  std::string out;
  bool sound = true;
  for (std::size_t at = 0; at < text.size();) {
    utf8proc_int32_t point = 0;
    const auto* const from = reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at;
    const utf8proc_ssize_t size =
        utf8proc_iterate(from, static_cast<utf8proc_ssize_t>(text.size() - at), &point);
    const bool fine = size > 0 && point != 0;
    if (fine)
      out.append(text.substr(at, static_cast<std::size_t>(size)));
    else
      out.append("\xEF\xBF\xBD");
    sound = sound && fine;
    at += size > 0 ? static_cast<std::size_t>(size) : 1;
  }
  return sound ? std::string() : out;
}

}  // namespace

Parameters::Value& Parameters::at(int index, Oid oid, char type) {
  const auto place = static_cast<std::size_t>(index - 1);
  if (place >= values_.size()) {
    values_.resize(place + 1);
    oids_.resize(place + 1);
    lengths_.resize(place + 1);
    formats_.resize(place + 1, 1);
    types_.resize(place + 1, '-');
  }
  oids_[place] = oid;
  types_[place] = type;
  values_[place] = {};
  return values_[place];
}

void Parameters::put(int index, std::int64_t value) {
  Value& out = at(index, kInt8, 'i');
  const std::uint64_t octets = htobe64(static_cast<std::uint64_t>(value));
  out.own.assign(reinterpret_cast<const char*>(&octets), sizeof octets);
  out.is_own = true;
}

void Parameters::put(int index, double value) {
  put(index, std::bit_cast<std::int64_t>(value));
  oids_[static_cast<std::size_t>(index - 1)] = kFloat8;
  types_[static_cast<std::size_t>(index - 1)] = 'd';
}

void Parameters::put(int index, std::string_view text) {
  Value& out = at(index, kText, 't');
  out.from = text;
  if (plain(text)) return;
  out.own = made_sound(text);
  out.is_own = !out.own.empty();
}

void Parameters::put(int index, Blob blob) { at(index, kBytea, 'b').from = blob.octets; }
void Parameters::put(int index, Null) { at(index, 0, 'n').null = true; }

void Parameters::clear() {
  values_.clear();
  oids_.clear();
  lengths_.clear();
  formats_.clear();
  types_.clear();
}

// Taken anew for each use: a short text's octets move with their string.
const char* const* Parameters::values() {
  pointers_.clear();
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const Value& each = values_[i];
    const std::string_view octets = each.is_own ? std::string_view(each.own) : each.from;
    lengths_[i] = static_cast<int>(octets.size());
    pointers_.push_back(each.null ? nullptr : octets.data() == nullptr ? "" : octets.data());
  }
  return pointers_.data();
}

std::int64_t integer_of(const PGresult* answer, int row, int column) {
  if (PQgetisnull(answer, row, column) != 0) return 0;
  const char* const octets = PQgetvalue(answer, row, column);
  switch (PQftype(answer, column)) {
    case kInt8:
      return read<std::int64_t>(octets);
    case kInt4:
      return read<std::int32_t>(octets);
    case kInt2:
      return read<std::int16_t>(octets);
    case kBool:
      return *octets != 0 ? 1 : 0;
    case kFloat8:
      return static_cast<std::int64_t>(real_of(answer, row, column));
    case kNumeric:
      return whole_of_numeric(octets, PQgetlength(answer, row, column));
    default:
      throw TemporaryFailure("database: a column that is no number");
  }
}

double real_of(const PGresult* answer, int row, int column) {
  if (PQftype(answer, column) != kFloat8) return static_cast<double>(integer_of(answer, row, column));
  if (PQgetisnull(answer, row, column) != 0) return 0;
  return std::bit_cast<double>(read<std::int64_t>(PQgetvalue(answer, row, column)));
}

}  // namespace kiyome::store::postgres
