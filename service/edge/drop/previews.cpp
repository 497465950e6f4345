#include "service/edge/drop/previews.h"

#include <algorithm>
#include <charconv>

#include "service/edge/drop/uploads.h"

namespace kiyome::edge::drop {
namespace {

using http::Problem;
using http::Request;
using http::Response;

// A picture runs nothing and asks nobody.
constexpr const char* kPolicy = "sandbox; default-src 'none'; frame-ancestors 'self'";
constexpr const char* kCaching = "private, max-age=60";  // a release makes others

// One picture for all who asked for it.
class SharedOctets final : public http::Source {
 public:
  explicit SharedOctets(std::shared_ptr<const std::string> octets) : octets_(std::move(octets)) {}
  std::uint64_t size() const override { return octets_->size(); }
  std::size_t read(char* into, std::size_t size) override {
    const std::size_t count = octets_->copy(into, size, at_);
    at_ += count;
    return count;
  }

 private:
  std::shared_ptr<const std::string> octets_;
  std::size_t at_ = 0;
};

std::uint32_t captured_page(const Request& request) {
  const std::string& text = request.captured.at("page");
  std::uint32_t out = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size())
    throw Problem{404, "not-found", {}, {}, {}};
  return out;
}

}  // namespace

void Previews::add_to(http::Router& router, portal::Portal& portal) {
  router.on("GET", "/api/v1/submissions/{submission}/files/{item}/pages/{page}",
            portal.signed_in({auth::Role::sender}, [this](Request& request, const auth::Session& session) {
              return page(request, session);
            }));
}

Response Previews::page(Request& request, const auth::Session& session) {
  const ItemId item = captured_id(request, "item");
  const std::uint32_t page = captured_page(request);
  const auto submission = store_.find_submission(captured_id(request, "submission"));
  if (!submission || submission->account != session.account.number)
    throw Problem{404, "not-found", {}, {}, {}};
  const auto file = std::find_if(submission->files.begin(), submission->files.end(),
                                 [&](const SubmittedFile& each) { return each.item == item; });
  if (file == submission->files.end() || page < 1 || page > file->previews)
    throw Problem{404, "not-found", {}, {}, {}};
  std::shared_ptr<const std::string> octets = outside_.picture(item, page);
  if (!octets) throw Problem{503, "busy", {}, {}, {{"Retry-After", "5"}}};
  if (octets->empty()) throw Problem{404, "not-found", {}, {}, {}};  // gone meanwhile
  Response out;
  out.source = std::make_unique<SharedOctets>(std::move(octets));
  out.headers.emplace_back("Content-Type", "image/png");
  out.headers.emplace_back("Content-Disposition", "inline");
  out.headers.emplace_back("Content-Security-Policy", kPolicy);
  out.headers.emplace_back("Cache-Control", kCaching);
  return out;
}

}  // namespace kiyome::edge::drop
