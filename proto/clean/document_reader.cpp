// Collects nothing: checks the order and the sizes of a document's answer and hands each message on, so that
// memory does not grow with the number of pages. FORMAT.md tells the rules under "An answer about a
// document".
#include <utility>

#include "proto/base/limits.h"
#include "proto/clean/codec.h"

namespace kiyome::clean {

DocumentReader::DocumentReader(DocumentHandler& handler)
    : Reader(limits::kDocumentOctets), handler_(handler) {}

Result<void> DocumentReader::take(Message message) {
  if (const auto* document = std::get_if<Document>(&message)) {
    if (document_) return failure("a second document");
    document_ = *document;
    handler_.document(*document);
    return {};
  }
  if (!document_) return failure("the document comes first");
  if (const auto* rows = std::get_if<Rows>(&message)) return take_rows(*rows);
  if (const auto* page = std::get_if<Page>(&message)) return take_page(*page);
  if (const auto* words = std::get_if<Words>(&message)) return take_words(*words);
  if (const auto* converted = std::get_if<Converted>(&message)) return take_converted(*converted);
  return failure("a message that no answer about a document has");
}

Result<void> DocumentReader::end() {
  if (!document_) return failure("the answer ends before its document");
  if (octets_left_ != 0) return failure("the answer ends within a page");
  if (pages_ == 0 && converted_ == 0) return failure("a document without a page");
  return {};
}

Result<void> DocumentReader::take_page(const Page& page) {
  if (converted_ != 0) return failure("a page of a converted document");
  if (octets_left_ != 0) return failure("a page within a page");
  if (pages_ == (document_->pages != 0 ? document_->pages : limits::kDocumentPages))
    return failure("more pages than the document has");
  ++pages_;
  page_ = page;
  worded_ = false;
  row_octets_ = std::uint64_t{page.pixel_width} * octets_of_pixel(page.format);
  octets_left_ = row_octets_ * page.pixel_height;
  handler_.page(page);
  return {};
}

Result<void> DocumentReader::take_rows(const Rows& rows) {
  if (octets_left_ == 0) return failure("rows without a page");
  if (rows.octets.size() % row_octets_ != 0) return failure("a row that is not whole");
  if (rows.octets.size() > octets_left_) return failure("more rows than the page has");
  octets_left_ -= rows.octets.size();
  handler_.rows(rows.octets);
  return {};
}

Result<void> DocumentReader::take_words(const Words& words) {
  if (!page_ || octets_left_ != 0) return failure("words before the page's last row");
  if (worded_) return failure("words of a page twice");
  for (const Word& word : words.words)
    if (word.x > page_->width_millipoints || word.width > page_->width_millipoints - word.x ||
        word.y > page_->height_millipoints || word.height > page_->height_millipoints - word.y)
      return failure("a word outside its page");
  worded_ = true;
  handler_.words(words);
  return {};
}

Result<void> DocumentReader::take_converted(const Converted& converted) {
  if (pages_ != 0) return failure("another form after pages");
  if (converted.octets.size() > limits::kConvertedOctets - converted_)
    return failure("the other form is too large");
  converted_ += converted.octets.size();
  handler_.converted(converted.octets);
  return {};
}

}  // namespace kiyome::clean
