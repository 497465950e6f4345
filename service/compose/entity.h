// The MIME tree of a mail we write: mimetic's tree, with a writer that gives our octets exactly.
#pragma once

#include <mimetic/mimeentity.h>

#include <memory>
#include <string>
#include <string_view>

namespace kiyome::compose {

// mimetic's own writer folds fields again (a fold of ours becomes an empty line, the end of the header) and
// finds no boundary in a folded Content-Type. This one writes each field and body as it was given. Owned by
// one thread.
class Entity : public mimetic::MimeEntity {
 public:
  Entity() = default;
  Entity(const Entity&) = delete;  // mimetic's copies of multiparts are broken
  Entity& operator=(const Entity&) = delete;

  // `value` is folded, CRLF and ASCII. An empty value leaves the field out.
  void field(std::string_view name, std::string_view value);
  // The same, written even when empty.
  void field_always(std::string_view name, std::string_view value);
  void content(std::string octets);
  // Makes this a multipart: no line of any part may begin with "--" and the boundary.
  void boundary(std::string_view boundary) { boundary_ = boundary; }
  void add(std::unique_ptr<Entity> part);

  // The whole entity with CRLF line ends.
  std::string octets() const;

 protected:
  std::ostream& write(std::ostream& out, const char* line_end) const override;

 private:
  std::size_t octets_estimated() const;

  std::string boundary_;
};

}  // namespace kiyome::compose
