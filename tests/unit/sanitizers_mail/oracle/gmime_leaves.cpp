// gmime_leaves FILE…: what GMime 3 sees in mails, one line a file, as `mail_dump --leaves` writes it:
// path, then for each leaf "type|size|sha256|name", then SUBJECT=…, tab-separated. The oracle of compare.py.
#include <gmime/gmime.h>
#include <openssl/sha.h>

#include <cstdio>
#include <string>

namespace {

std::string hex_digest(const std::string& octets) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(octets.data()), octets.size(), digest);
  static const char* const digits = "0123456789abcdef";
  std::string out;
  for (const unsigned char b : digest) {
    out += digits[b >> 4];
    out += digits[b & 15];
  }
  return out;
}

std::string flat(const char* text) {
  std::string out = text == nullptr ? "" : text;
  for (char& c : out)
    if (c == '\t' || c == '\n' || c == '\r' || c == '|') c = ' ';
  return out;
}

void print_leaf(GMimeObject* object) {
  std::string octets;
  if (GMIME_IS_PART(object)) {
    if (GMimeDataWrapper* content = g_mime_part_get_content(GMIME_PART(object))) {
      GMimeStream* memory = g_mime_stream_mem_new();
      g_mime_data_wrapper_write_to_stream(content, memory);
      const GByteArray* bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory));
      octets.assign(reinterpret_cast<const char*>(bytes->data), bytes->len);
      g_object_unref(memory);
    }
  }
  GMimeContentType* type = g_mime_object_get_content_type(object);
  gchar* name = type == nullptr ? nullptr : g_mime_content_type_get_mime_type(type);
  gchar* lower = g_ascii_strdown(name == nullptr ? "" : name, -1);
  const char* file = GMIME_IS_PART(object) ? g_mime_part_get_filename(GMIME_PART(object)) : nullptr;
  std::printf("\t%s|%zu|%s|%s", lower, octets.size(), hex_digest(octets).c_str(), flat(file).c_str());
  g_free(lower);
  g_free(name);
}

void walk(GMimeObject* object, int depth) {
  if (object == nullptr || depth > 100) return;
  if (GMIME_IS_MULTIPART(object)) {
    const int count = g_mime_multipart_get_count(GMIME_MULTIPART(object));
    for (int i = 0; i < count; ++i) walk(g_mime_multipart_get_part(GMIME_MULTIPART(object), i), depth + 1);
  } else if (GMIME_IS_MESSAGE_PART(object)) {
    GMimeMessage* inner = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
    if (inner != nullptr) walk(g_mime_message_get_mime_part(inner), depth + 1);
  } else {
    print_leaf(object);
  }
}

}  // namespace

int main(int count, char** arguments) {
  g_mime_init();
  for (int i = 1; i < count; ++i) {
    std::printf("%s", arguments[i]);
    GError* error = nullptr;
    if (GMimeStream* stream = g_mime_stream_file_open(arguments[i], "r", &error)) {
      GMimeParser* parser = g_mime_parser_new_with_stream(stream);
      GMimeParserOptions* options = g_mime_parser_options_new();
      if (GMimeMessage* message = g_mime_parser_construct_message(parser, options)) {
        walk(g_mime_message_get_mime_part(message), 0);
        std::printf("\tSUBJECT=%s", flat(g_mime_message_get_subject(message)).c_str());
        g_object_unref(message);
      }
      g_mime_parser_options_free(options);
      g_object_unref(parser);
      g_object_unref(stream);
    }
    std::printf("\n");
  }
  g_mime_shutdown();
  return 0;
}
