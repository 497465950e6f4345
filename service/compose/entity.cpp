// Writing a MIME tree. Everything in it is our own.
#include "service/compose/entity.h"

#include <mimetic/header.h>

#include <ostream>
#include <streambuf>

namespace kiyome::compose {
namespace {

// An ostream's end that appends to a string.
class Appender : public std::streambuf {
 public:
  explicit Appender(std::string& out) : out_(out) {}

 protected:
  int_type overflow(int_type c) override {
    if (c != traits_type::eof()) out_ += static_cast<char>(c);
    return traits_type::not_eof(c);
  }
  std::streamsize xsputn(const char* octets, std::streamsize count) override {
    out_.append(octets, static_cast<std::size_t>(count));
    return count;
  }

 private:
  std::string& out_;
};

}  // namespace

void Entity::field_always(std::string_view name, std::string_view value) {
  header().push_back(mimetic::Field(std::string(name), std::string(value)));
}

void Entity::field(std::string_view name, std::string_view value) {
  if (!value.empty()) field_always(name, value);
}

void Entity::content(std::string octets) { static_cast<std::string&>(body()) = std::move(octets); }

void Entity::add(std::unique_ptr<Entity> part) {
  body().parts().push_back(part.release());
}  // the body deletes it

std::ostream& Entity::write(std::ostream& out, const char*) const {
  for (const mimetic::Field& field : header()) {
    const std::string value = field.value();
    out.write(field.name().data(), static_cast<std::streamsize>(field.name().size()));
    out << (value.empty() || value.front() == '\r' ? ":" : ": ") << value << "\r\n";
  }
  out << "\r\n";
  if (boundary_.empty()) return out << static_cast<const std::string&>(body());
  for (const mimetic::MimeEntity* part : body().parts()) {
    out << "--" << boundary_ << "\r\n" << *part << "\r\n";
  }
  return out << "--" << boundary_ << "--\r\n";
}

std::size_t Entity::octets_estimated() const {
  std::size_t octets = 4096 + body().size();
  for (const mimetic::MimeEntity* part : body().parts()) octets += 1024 + part->body().size();
  return octets;
}

std::string Entity::octets() const {
  std::string out;
  out.reserve(octets_estimated());
  Appender appender(out);
  std::ostream stream(&appender);
  stream << *this;
  return out;
}

}  // namespace kiyome::compose
