// Items as a municipality gets them, by the million: Japanese subjects, names and addresses, attachments with
// reasons, recipients in departments. Made by a fixed random sequence, so two runs give the same store.
#pragma once

#include <fmt/format.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "service/base/config.h"
#include "service/base/digest.h"
#include "service/store/item_store.h"

namespace kiyome::bench {

inline constexpr const char* kCommonWord = "会議";            // in a third of all subjects
inline constexpr const char* kSomeWord = "防災計画";          // in some of a hundred
inline constexpr const char* kRareWord = "埋蔵文化財包蔵地";  // in one of 50 000

inline const std::vector<std::string> kDepartments{"総務部", "財政部",     "市民部", "福祉部", "建設部",
                                                   "消防局", "教育委員会", "議会",   "水道局", "情報政策課"};
inline const std::vector<std::string> kDepartmentLabels{"soumu", "zaisei", "shimin", "fukushi", "kensetsu",
                                                        "shobo", "kyoiku", "gikai",  "suido",   "joho"};

inline Config configuration() {
  Config config;
  for (std::size_t i = 0; i < kDepartments.size(); ++i)
    config.console.departments.push_back(
        {kDepartments[i], {"*@" + kDepartmentLabels[i] + ".city.example.lg.jp"}});
  return config;
}

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}

  store::DecidedItem make(std::int64_t received_ms) {
    store::DecidedItem item;
    std::array<std::uint8_t, 10> tail{};
    for (std::uint8_t& octet : tail) octet = static_cast<std::uint8_t>(random_());
    item.envelope.id = item.where.id = ItemId::make(received_ms, tail);
    item.envelope.received_ms = received_ms;
    item.envelope.sender = sender();
    item.envelope.client_address = "192.0.2.25";
    recipients(item);
    item.where.segment = 1;
    item.subject = subject();
    item.bytes = 4000 + below(300'000);
    item.sha256 = sha256(item.envelope.id.text());
    decide(item);
    return item;
  }
  bool chance(unsigned in) { return below(in) == 0; }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

 private:
  template <std::size_t N>
  const char* one(const std::array<const char*, N>& all) {
    return all[below(N)];
  }

  std::string sender() {
    // A few send much: the square of an even number falls on the low ones.
    const std::size_t draw = below(1000) * below(1000) / 1000;
    return fmt::format("{}.{}@{}{}.{}", one(kGiven), one(kFamily), one(kCompanies), draw % 400,
                       draw % 3 == 0   ? "example.co.jp"
                       : draw % 3 == 1 ? "example.com"
                                       : "example.or.jp");
  }

  void recipients(store::DecidedItem& item) {
    const std::size_t count = chance(10) ? 2 + below(8) : 1;
    for (std::uint32_t i = 0; i < count; ++i)
      item.envelope.recipients.push_back(
          {i,
           fmt::format("{}-{}{}@{}.city.example.lg.jp", one(kFamily), one(kGiven), below(40),
                       kDepartmentLabels[below(kDepartmentLabels.size())]),
           0, ""});
  }

  std::string subject() {
    std::string out = chance(20) ? "Re: " : "";
    if (chance(50'000)) return out + kRareWord + "の照会について";
    if (chance(60)) out += kSomeWord;
    return out + fmt::format("【{}】{}{}{}（{}年度 第{}号）", one(kOffices), one(kThings),
                             chance(3) ? kCommonWord : "", one(kEnds), 2020 + below(7), below(3000));
  }

  void decide(store::DecidedItem& item) {
    store::DecidedGroup group;
    for (const auto& each : item.envelope.recipients) group.recipients.push_back(each.index);
    const std::size_t luck = below(1000);
    group.verdict = luck < 25 ? Verdict::held : luck < 30 ? Verdict::rejected : Verdict::clean;
    if (group.verdict == Verdict::held)
      group.reasons = {chance(2) ? clean::Finding::kEncrypted : clean::Finding::kPolicyVerdictHeld};
    if (group.verdict == Verdict::rejected) group.reasons = {clean::Finding::kMalware};
    if (group.verdict == Verdict::clean) {
      group.bundle.emplace();
      group.bundle->id = item.envelope.id;
      group.bundle->part = 1;
      group.bundle->sender = item.envelope.sender;
      for (const auto& each : item.envelope.recipients)
        group.bundle->recipients.push_back({each.index, each.address, 0, ""});
      group.bundle->content = "x";
    }
    item.report = report(item, group);
    item.groups.push_back(std::move(group));
  }

  // As cleaner/report.h writes it.
  std::string report(const store::DecidedItem& item, const store::DecidedGroup& group) {
    std::string parts = fmt::format(
        R"({{"place":"1","name":"","type":"text/plain","type_name":"テキスト","bytes":1200,"sha256":"{}","action":"text","reasons":[]}})",
        hex(below(1'000'000'000)));
    const std::size_t attachments = chance(2) ? 1 + below(3) : 0;
    for (std::size_t i = 0; i < attachments; ++i) {
      const auto& type = kTypes[below(kTypes.size())];
      parts += fmt::format(
          R"(,{{"place":"{}","name":"{}{}_{}.{}","type":"{}","type_name":"{}","bytes":{},"sha256":"{}","action":"strip","reasons":[{}]}})",
          i + 2, one(kThings), one(kEnds), 20200101 + below(60000), type.extension, type.type, type.name,
          below(200'000), hex(chance(5) ? below(2000) : below(1'000'000'000)),
          chance(10)   ? "\"encrypted\""
          : chance(40) ? "\"macro-removed\""
                       : "");
    }
    return fmt::format(
        R"({{"groups":[{{"verdict":"{}","recipients":["{}"],"reasons":[],"parts":[{}]}}],"ms":{{"parse":0.41,"compose":0.18}}}})",
        group.verdict == Verdict::clean ? "clean" : "held", item.envelope.recipients.front().address, parts);
  }

  static std::string hex(std::size_t number) {
    const auto digest = sha256(std::to_string(number));
    std::string out;
    for (const std::uint8_t octet : digest) out += fmt::format("{:02x}", octet);
    return out;
  }

  struct Type {
    const char *extension, *type, *name;
  };
  static constexpr std::array<Type, 5> kTypes{
      Type{"pdf", "application/pdf", "PDF"},
      Type{"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Word 文書"},
      Type{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Excel ブック"},
      Type{"zip", "application/zip", "ZIP アーカイブ"}, Type{"jpg", "image/jpeg", "JPEG 画像"}};
  static constexpr std::array<const char*, 12> kFamily{"sato",      "suzuki",   "takahashi", "tanaka",
                                                       "ito",       "watanabe", "yamamoto",  "nakamura",
                                                       "kobayashi", "kato",     "yoshida",   "yamada"};
  static constexpr std::array<const char*, 12> kGiven{"taro", "hanako", "ichiro",  "yoko", "kenji",   "akiko",
                                                      "jun",  "mika",   "satoshi", "emi",  "takashi", "yumi"};
  static constexpr std::array<const char*, 8> kCompanies{"kensetsu", "denki", "kikaku", "system",
                                                         "hoken",    "bank",  "shoji",  "print"};
  static constexpr std::array<const char*, 8> kOffices{"総務課", "県庁",   "入札", "保健所",
                                                       "至急",   "ご案内", "回覧", "選挙管理"};
  static constexpr std::array<const char*, 16> kThings{
      "道路工事",     "予算要求",   "住民説明",   "契約更新",       "システム保守", "補助金交付",
      "見積書",       "請求書",     "研修資料",   "アンケート調査", "議事録",       "災害対応",
      "ワクチン接種", "固定資産税", "図書館運営", "人事異動"};
  static constexpr std::array<const char*, 8> kEnds{"について", "の送付", "のお知らせ", "（依頼）",
                                                    "の回答",   "の提出", "の変更",     "のご連絡"};

  std::mt19937_64 random_;
};

}  // namespace kiyome::bench
