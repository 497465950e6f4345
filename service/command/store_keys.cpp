// kiyome store keys: what hosts of one side must have alike. The cleaner's key opens the originals of all of
// them, and seals passwords; each role's audit key signs its trail, which is one for all hosts. All else that
// is secret (sessions, second factors, links) is in the database.
//
// The file: "KIYOMEKY", u8 version 1, 16 octets of salt, 24 of nonce, crypto_secretbox of frames as a backup
// has them (service/backup/frames.h), under Argon2id of the password: whoever carries it can neither read nor
// change it.
#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <map>

#include "proto/base/check.h"
#include "service/backup/frames.h"
#include "service/base/errors.h"
#include "service/base/files.h"
#include "service/base/log.h"
#include "service/base/sockets.h"
#include "service/command/ask_password.h"
#include "service/command/run_as.h"
#include "service/command/store.h"

namespace kiyome::command {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic{"KIYOMEKY\1", 9};
constexpr std::size_t kSalt = crypto_pwhash_SALTBYTES, kNonce = crypto_secretbox_NONCEBYTES;
constexpr std::size_t kHead = kMagic.size() + kSalt + kNonce;
constexpr std::size_t kKeyFileMax = 4096, kFileMax = 64u << 10;  // some hundred octets each, and few of them
constexpr std::size_t kPasswordMin = 12;

struct KeyFile {
  const char *role, *name;
  mode_t mode;
  bool edge = false;  // an edge alone needs it
};
constexpr KeyFile kKeys[] = {
    {"cleaner", "cleaner.key", 0600},  {"cleaner", "cleaner.pub", 0644, true}, {"cleaner", "audit.key", 0600},
    {"edge", "audit.key", 0600, true}, {"console", "audit.key", 0600},         {"gate", "audit.key", 0600},
};
std::string path_of(const KeyFile& key) { return std::string(key.role) + "/" + key.name; }

// Wiped when it goes.
struct Secret {
  std::string octets;
  ~Secret() { sodium_memzero(octets.data(), octets.size()); }
};

// Empty when there is no such key.
std::string key_in(const std::string& data_dir, const KeyFile& key) {
  const std::string path = data_dir + "/" + path_of(key);
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat about {};
  if (!file && errno == ENOENT) return {};
  if (!file || ::fstat(file.get(), &about) != 0) throw_errno("open " + path);
  if (!S_ISREG(about.st_mode) || about.st_size == 0 || about.st_size > std::int64_t{kKeyFileMax})
    throw TemporaryFailure(path + ": 鍵のファイルではありません / not a key file");
  return read_whole(file.get());
}

Secret key_of(std::string_view password, std::string_view salt) {
  Secret out{std::string(crypto_secretbox_KEYBYTES, '\0')};
  if (crypto_pwhash(reinterpret_cast<unsigned char*>(out.octets.data()), out.octets.size(), password.data(),
                    password.size(), reinterpret_cast<const unsigned char*>(salt.data()),
                    crypto_pwhash_OPSLIMIT_MODERATE, crypto_pwhash_MEMLIMIT_MODERATE,
                    crypto_pwhash_ALG_ARGON2ID13) != 0)
    throw TemporaryFailure("メモリーが足りません / not enough memory for the password's key");
  return out;
}

const unsigned char* raw(std::string_view octets) {
  return reinterpret_cast<const unsigned char*>(octets.data());
}

std::string sealed(const Secret& plain, const Secret& password) {
  std::string out(kMagic);
  out.resize(kHead);
  randombytes_buf(out.data() + kMagic.size(), kSalt + kNonce);
  const std::string_view head = out;
  const Secret key = key_of(password.octets, head.substr(kMagic.size(), kSalt));
  const std::string nonce(head.substr(kMagic.size() + kSalt));
  out.resize(kHead + plain.octets.size() + crypto_secretbox_MACBYTES);
  KIYOME_CHECK(crypto_secretbox_easy(reinterpret_cast<unsigned char*>(out.data() + kHead), raw(plain.octets),
                                     plain.octets.size(), raw(nonce), raw(key.octets)) == 0);
  return out;
}

Secret opened(const std::string& path, const Secret& password) {
  const std::optional<std::string> octets = read_file(path);
  if (!octets) throw_errno("open " + path);
  const std::string_view all = *octets;
  if (all.size() > kFileMax || all.size() < kHead + crypto_secretbox_MACBYTES || !all.starts_with(kMagic))
    throw ConfigError(path + ": 鍵を封じたファイルではありません / not a file of sealed keys");
  const Secret key = key_of(password.octets, all.substr(kMagic.size(), kSalt));
  Secret out{std::string(all.size() - kHead - crypto_secretbox_MACBYTES, '\0')};
  if (crypto_secretbox_open_easy(reinterpret_cast<unsigned char*>(out.octets.data()), raw(all.substr(kHead)),
                                 all.size() - kHead, raw(all.substr(kMagic.size() + kSalt)),
                                 raw(key.octets)) != 0)
    throw ConfigError(path +
                      ": パスワードが違うか、ファイルが変わっています / another password, or the file was "
                      "altered");
  return out;
}

struct Keys {
  std::map<std::string, std::string> by_path;
  Keys() = default;
  Keys(Keys&&) = default;
  ~Keys() {
    for (auto& [path, octets] : by_path) sodium_memzero(octets.data(), octets.size());
  }
};

Keys keys_of(const Secret& frames, const std::string& path) {
  Keys out;
  backup::FrameReader reader;
  std::string* file = nullptr;
  const auto read = reader.take(frames.octets, [&](const backup::Frame& frame) {
    if (frame.type == backup::FrameType::file) file = &out.by_path[std::string(frame.text)];
    if (frame.type == backup::FrameType::data && file != nullptr) *file += frame.text;
  });
  if (!read || !reader.ended()) throw ConfigError(path + ": not a file of sealed keys");
  return out;
}

Secret ask(bool twice) {
  Secret out{ask_password(twice)};
  if (twice && out.octets.size() < kPasswordMin)
    throw ConfigError(
        fmt::format("パスワードは {0} 文字以上にしてください / at least {0} characters", kPasswordMin));
  return out;
}

// One that has a key of its own has worked with it: what it sealed, only that one opens.
void expect_fitting(const std::string& data_dir, const Keys& keys) {
  for (const KeyFile& each : kKeys) {
    const auto found = keys.by_path.find(path_of(each));
    if (found == keys.by_path.end()) continue;
    const std::string here = key_in(data_dir, each);
    if (!here.empty() && here != found->second)
      throw ConfigError(fmt::format(
          "{0}/{1}: "
          "別の鍵が既にあります。上書きしません。この台を一度も使っていなければ、消してからやり直してください"
          " / another key is there and stays. If this host never served, remove it and try again",
          data_dir, path_of(each)));
  }
}

}  // namespace

int store_keys_export(const Config& config, const StoreOptions& options) {
  KIYOME_CHECK(sodium_init() >= 0);
  log::start("store", "warning");
  const std::string data_dir = fs::absolute(config.data_dir).string();
  Secret frames;
  backup::FrameWriter writer([&](std::string_view octets) { frames.octets += octets; });
  writer.about(fmt::format(R"({{"version":"{}"}})", KIYOME_VERSION));
  writer.part("keys");
  std::string told;
  for (const KeyFile& each : kKeys) {
    if (options.for_edge && !each.edge) continue;
    const Secret octets{key_in(data_dir, each)};
    if (octets.octets.empty()) continue;
    writer.file(each.mode, path_of(each));
    writer.data(octets.octets);
    writer.file_end();
    told += "  " + path_of(each) + "\n";
  }
  writer.part_end();
  writer.end(1);
  if (told.empty())
    throw ConfigError(
        "data_dir: " + data_dir +
        ": 鍵がありません。一度起動した台で実行してください / no keys: run it on a host that has "
        "served");
  NewFile file(options.file);
  file.write(sealed(frames, ask(true)));
  if (!file.place()) throw ConfigError(options.file + ": 既にあります / it is there already");
  file.make_durable();
  std::fputs((told + "鍵を封じました / sealed: " + options.file + "\n").c_str(), stdout);
  if (options.for_edge) return 0;
  std::puts(
      "このファイルとパスワードで、受け付けたメールの原本を開けます。別々に運び、写し終えたら消してください。"
      "\n"
      "With file and password the originals can be opened: carry them apart, and remove it afterwards.");
  return 0;
}

int store_keys_import(const Config& config, const StoreOptions& options) {
  KIYOME_CHECK(sodium_init() >= 0);
  log::start("store", "warning");
  const std::string data_dir = fs::absolute(config.data_dir).string();
  const Keys keys = keys_of(opened(options.file, ask(false)), options.file);
  const supervisor::Layout layout = supervisor::lay_out(data_dir);  // nobody serves it
  expect_fitting(data_dir, keys);
  for (const KeyFile& each : kKeys) {
    const auto found = keys.by_path.find(path_of(each));
    if (found == keys.by_path.end()) continue;
    if (key_in(data_dir, each).empty())
      run_as(supervisor::account_of(each.role), data_dir + "/" + each.role, Reading::own, [&] {
        write_file(each.name, found->second, each.mode);
        return std::string();
      });
    std::puts(("  " + path_of(each)).c_str());
  }
  std::puts(
      "鍵を置きました。このファイルはもう要りません。 / The keys are in their places: the file is not needed "
      "any more.");
  return 0;
}

}  // namespace kiyome::command
