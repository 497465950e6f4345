// Says of each file what GMime, another reader, complains about: "PATH: ok" or "PATH: N complaints, the first
// of kind K".
#include <gmime/gmime.h>

#include <cstdio>

namespace {

struct Complaints {
  int count = 0;
  int first = 0;
};

void complain(gint64, GMimeParserWarning kind, const gchar*, gpointer data) {
  auto* complaints = static_cast<Complaints*>(data);
  if (complaints->count++ == 0) complaints->first = static_cast<int>(kind);
}

void look(const char* path) {
  Complaints complaints;
  GMimeParserOptions* options = g_mime_parser_options_new();
  g_mime_parser_options_set_warning_callback(options, complain, &complaints);
  GMimeStream* stream = g_mime_stream_fs_open(path, 0, 0, nullptr);
  if (stream == nullptr) {
    std::printf("%s: cannot be opened\n", path);
    return;
  }
  GMimeParser* parser = g_mime_parser_new_with_stream(stream);
  GMimeMessage* message = g_mime_parser_construct_message(parser, options);
  if (message == nullptr)
    std::printf("%s: no message\n", path);
  else if (complaints.count == 0)
    std::printf("%s: ok\n", path);
  else
    std::printf("%s: %d complaints, the first of kind %d\n", path, complaints.count, complaints.first);
  if (message != nullptr) g_object_unref(message);
  g_object_unref(parser);
  g_object_unref(stream);
  g_mime_parser_options_free(options);
}

}  // namespace

int main(int argc, char** argv) {
  g_mime_init();
  for (int i = 1; i < argc; ++i) look(argv[i]);
  g_mime_shutdown();
  return 0;
}
