#include "service/command/certificate.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "service/base/clock.h"
#include "service/base/errors.h"
#include "service/base/files.h"
#include "service/zone/issue.h"

namespace kiyome::command {
namespace {

std::string text_of(const std::string& path) {
  std::optional<std::string> text = read_file(path);
  if (!text) throw ConfigError(path + ": cannot be read: " + std::strerror(errno));
  return std::move(*text);
}

// `replace`: a renewal; else nothing that is there is lost.
void put(const std::string& path, const std::string& text, mode_t mode, bool replace) {
  NewFile file(path, mode);
  file.allow(mode);
  file.write(text);
  if (replace)
    file.replace();
  else if (!file.place())
    throw ConfigError(path + ": 既にあります / is there already; it is not overwritten");
  file.make_durable();
}

std::string ca_file(const CertificateOptions& options, const char* name) {
  return (std::filesystem::path(options.folder) / name).string();
}
zone::Issued authority_of(const CertificateOptions& options) {
  return {text_of(ca_file(options, "ca.crt")), text_of(ca_file(options, "ca.key"))};
}

std::string day_of(std::int64_t unix_ms) { return iso_time(unix_ms).substr(0, 10); }

std::string who_is(const zone::CertificateFacts& facts) {
  if (facts.authority) return "CA";
  if (!facts.side) return "どちらの側でもありません / of neither side";
  return *facts.side == zone::Side::internet ? "インターネット側 / Internet side" : "閉域側 / closed side";
}

// false: it has ended, or not begun.
bool show(const std::string& path, const std::string& pem) {
  const auto facts = zone::facts_of(pem);
  if (!facts) throw ConfigError(path + ": 証明書ではありません / is not a PEM certificate");
  const std::int64_t now = unix_ms_now();
  const std::int64_t days = (facts->end_ms - now) / kDayMs;
  const bool good = now < facts->end_ms && now >= facts->begin_ms;
  std::puts(path.c_str());
  std::puts(fmt::format("  {} ({})", who_is(*facts), facts->subject).c_str());
  if (facts->end_ms <= now)
    std::puts(fmt::format("  期限切れ / it ended: {}", day_of(facts->end_ms)).c_str());
  else if (!good)
    std::puts(
        fmt::format("  まだ有効ではありません / not valid before: {}", iso_time(facts->begin_ms)).c_str());
  else
    std::puts(
        fmt::format("  期限 / until: {}（あと {} 日 / {} days left）", day_of(facts->end_ms), days, days)
            .c_str());
  std::puts(fmt::format("  指紋 / pin:   {}", facts->pin).c_str());
  return good;
}

zone::Side side_of(const std::string& name) {
  if (name == "internet") return zone::Side::internet;
  if (name == "closed") return zone::Side::closed;
  throw ConfigError("certificate: the side is \"internet\" or \"closed\", not " + name);
}

void tell_next(const std::string& side, const std::string& certificate, const std::string& key) {
  std::puts(fmt::format(
                "{} と {} と ca.crt を{}のホストへ運び、kiyome.toml の [transfer] に書きます。\n"
                "Carry {}, {} and ca.crt to the host of the {} side and name them in [transfer] of its "
                "kiyome.toml.",
                certificate, key, side == "internet" ? "インターネット側" : "閉域側", certificate, key, side)
                .c_str());
}

}  // namespace

int certificate_init(const CertificateOptions& options) {
  std::filesystem::create_directories(options.folder);
  const zone::Issued made = zone::make_authority(options.name, unix_ms_now(), options.years * 365);
  put(ca_file(options, "ca.key"), made.key_pem, 0600, false);
  put(ca_file(options, "ca.crt"), made.certificate_pem, 0644, false);
  show(ca_file(options, "ca.crt"), made.certificate_pem);
  std::puts(
      "ca.key は相手を決める鍵です。どちらのホストにも置かず、USB "
      "メモリなどに写して金庫で保管し、発行と更新のとき"
      "だけ使ってください。失えば更新できず、盗まれれば偽のホストをつくられます。\n"
      "ca.key decides who is the other side. Keep it on neither host: on a medium in a safe, used only to "
      "issue and\n"
      "renew. Lost, nothing can be renewed; stolen, somebody can make himself a host of yours.");
  return 0;
}

int certificate_issue(const CertificateOptions& options) {
  const zone::Issued made =
      zone::issue(authority_of(options), side_of(options.side), unix_ms_now(), options.days);
  const std::filesystem::path out = options.out.empty() ? options.folder : options.out;
  std::filesystem::create_directories(out);
  const std::string key = (out / (options.side + ".key")).string();
  const std::string certificate = (out / (options.side + ".crt")).string();
  if (std::filesystem::exists(certificate))
    throw ConfigError(certificate + ": 既にあります / is there already: see `kiyome certificate renew`");
  put(key, made.key_pem, 0600, false);
  put(certificate, made.certificate_pem, 0644, false);
  show(certificate, made.certificate_pem);
  tell_next(options.side, certificate, key);
  return 0;
}

// For the same side, and the same key unless a new one is asked for: then the other side's pins stay right,
// and the private key stays where it is.
int certificate_renew(const CertificateOptions& options) {
  const zone::Issued authority = authority_of(options);
  for (const std::string& path : options.files) {
    const std::string old = text_of(path);
    const auto facts = zone::facts_of(old);
    if (!facts || !facts->side) throw ConfigError(path + ": is not a certificate of one of the two sides");
    const std::string key = std::filesystem::path(path).replace_extension(".key").string();
    const zone::Issued made = options.new_key
                                  ? zone::issue(authority, *facts->side, unix_ms_now(), options.days)
                                  : zone::renew(authority, old, unix_ms_now(), options.days);
    if (options.new_key) put(key, made.key_pem, 0600, true);
    put(path, made.certificate_pem, 0644, true);
    show(path, made.certificate_pem);
    if (options.new_key)
      std::puts(
          "鍵が変わりました。鍵も運び、相手の transfer.peers を直してください。 / A new key: carry it too, "
          "and let "
          "transfer.peers of the other side name its pin.");
  }
  std::puts(
      "ホストの証明書と置き換え、再読み込み（systemctl reload kiyome）で使われます。 / Put it in the place "
      "of the "
      "host's; a reload puts it to use.");
  return 0;
}

int certificate_show(const CertificateOptions& options) {
  bool good = true;
  for (const std::string& path : options.files) good = show(path, text_of(path)) && good;
  return good ? 0 : 1;
}

}  // namespace kiyome::command
