#include "service/document/password_words.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "proto/base/limits.h"

using namespace kiyome;
using document::password_words;
using document::PasswordWords;

namespace {

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

struct Example {
  const char* body;
  const char* password;
};

}  // namespace

TEST_CASE("password words: real wordings, the password comes first") {
  const Example examples[] = {
      {"パスワードは Xy7#pq82 です", "Xy7#pq82"},
      {"パスワード：Xy7#pq82", "Xy7#pq82"},
      {"パスワード:Xy7#pq82", "Xy7#pq82"},
      {"パスワードは「Xy7#pq82」です。", "Xy7#pq82"},
      {"パスワードは『Xy7#pq82』となります。", "Xy7#pq82"},
      {"解凍パスワード【Xy7#pq82】", "Xy7#pq82"},
      {"パスワード（Xy7#pq82）", "Xy7#pq82"},
      {"パスワード (Xy7#pq82)", "Xy7#pq82"},
      {"パスワードは、Xy7#pq82です", "Xy7#pq82"},
      {"ＰＷ：Ｘｙ７＃ｐｑ８２", "Xy7#pq82"},
      {"PW: Xy7#pq82", "Xy7#pq82"},
      {"PW=Xy7#pq82", "Xy7#pq82"},
      {"P/W Xy7#pq82", "Xy7#pq82"},
      {"Pass：Xy7#pq82", "Xy7#pq82"},
      {"解凍パス：Xy7#pq82", "Xy7#pq82"},
      {"ZIPパス: Xy7#pq82", "Xy7#pq82"},
      {"パス：Xy7#pq82", "Xy7#pq82"},
      {"ﾊﾟｽﾜｰﾄﾞ：Xy7#pq82", "Xy7#pq82"},
      {"パスワート\u3099：Xy7#pq82", ""},  // no such word
      {"ハ\u309aスワート\u3099：Xy7#pq82", "Xy7#pq82"},
      {"暗証番号：1234", "1234"},
      {"復号キー：Xy7#pq82", "Xy7#pq82"},
      {"合言葉は kiyome2024 です", "kiyome2024"},
      {"パスワード ⇒ Xy7#pq82", "Xy7#pq82"},
      {"パスワード → Xy7#pq82", "Xy7#pq82"},
      {"パスワード->Xy7#pq82", "Xy7#pq82"},
      {"■パスワード　Xy7#pq82", "Xy7#pq82"},
      {"パスワード（半角英数字8桁）：Xy7#pq82", "Xy7#pq82"},
      {"ファイル名：見積書.zip\nパスワード：Xy7#pq82", "Xy7#pq82"},
      {"お世話になっております。\n先ほどお送りした添付ファイルのパスワードは下記の通りです。\n\n"
       "Xy7#pq82\n\n以上、よろしくお願いいたします。",
       "Xy7#pq82"},
      {"添付ファイルのパスワードをお知らせいたします。\n\n--------------------\nXy7#pq82\n-------------------"
       "-\n\n"
       "株式会社清め商事\n〒100-0001 東京都千代田区1-2-3\nTEL:03-1234-5678\nE-mail:taro@kiyome.example.jp",
       "Xy7#pq82"},
      {"パスワード\n\n　　「Xy7#pq82」\n", "Xy7#pq82"},
      {"【パスワード】\nXy7#pq82\n", "Xy7#pq82"},
      {"Xy7#pq82 がパスワードになります", "Xy7#pq82"},
      {"Password: Xy7#pq82", "Xy7#pq82"},
      {"The password for the attached file is: Xy7#pq82", "Xy7#pq82"},
      {"Your password is \"Xy7#pq82\".", "Xy7#pq82"},
      {"Please unzip it with Xy7#pq82.", "Xy7#pq82"},
      {"> パスワード： Xy7#pq82\n> 以上", "Xy7#pq82"},
      {"ID: taro PW: Xy7#pq82", "Xy7#pq82"},
      {"パスワードは kitsunesoba です。", "kitsunesoba"},
      {"パスワードは20240401です。", "20240401"},
      {"パスワード：0312345678（御社の代表電話番号）", "0312345678"},
      {"パスワードはXy7\u200b#pq82です", "Xy7#pq82"},
  };
  for (const Example& each : examples) {
    CAPTURE(each.body);
    const PasswordWords words = password_words("", each.body);
    if (*each.password == '\0') {
      CHECK(words.named.empty());
    } else {
      REQUIRE_FALSE(words.named.empty());
      CHECK(words.named.front() == each.password);
    }
  }
}

TEST_CASE("password words: what surrounds a word is taken away, and the word as it stands is tried too") {
  const struct {
    const char* body;
    std::vector<std::string> all;
  } examples[] = {
      {"パスワード：Xy7#pq82!", {"Xy7#pq82!", "Xy7#pq82"}},
      {"パスワード：Xy7#pq82.", {"Xy7#pq82", "Xy7#pq82."}},
      {"パスワード：(Xy7)pq82", {"(Xy7)pq82"}},
      {"パスワード：<Xy7pq82>", {"Xy7pq82", ":<Xy7pq82>"}},
      {"パスワード：Xy7(pq82)", {"Xy7(pq82)"}},
      {"パスワード \"Xy7'pq82\"", {"Xy7'pq82", "\"Xy7'pq82\""}},
      {"パスワード：¥Xy7pq82", {"\\Xy7pq82"}},
      {"パスワード：Xy7pq82）。", {"Xy7pq82"}},
      {"password: PASS1234", {"PASS1234"}},
      {"パスワード：pass-Xy7", {"pass-Xy7"}},
  };
  for (const auto& each : examples) {
    CAPTURE(each.body);
    const PasswordWords words = password_words("", each.body);
    for (const std::string& word : each.all) {
      CAPTURE(word);
      CHECK(contains(words.named, word));
    }
  }
}

TEST_CASE("password words: 4 to 64 characters, and something that can be typed as letter or digit") {
  CHECK(password_words("", "パスワード：abc").named.empty());
  CHECK(password_words("", "パスワード：a1b2").named == std::vector<std::string>{"a1b2", ":a1b2"});
  const std::string longest(64, 'k');
  CHECK(contains(password_words("", "パスワード 「" + longest + "1」").named, longest + "1") == false);
  CHECK(contains(password_words("", "パスワード 「" + longest + "」").named, longest));
  CHECK(password_words("", "パスワード\n----------\n==========\n").named.empty());
}

TEST_CASE("password words: addresses, telephones and files stand behind what looks like a password") {
  const PasswordWords words =
      password_words("",
                     "パスワードは以下です。\nhttps://www.example.jp/login\nsuzuki@example.jp "
                     "TEL:03-1234-5678\nmitsumori.zip\nXy7#pq82");
  REQUIRE_FALSE(words.named.empty());
  CHECK(words.named.front() == "Xy7#pq82");
  CHECK_FALSE(contains(words.named, "https://www.example.jp/login"));
}

TEST_CASE("password words: without a key word nothing is named, but a short mail's words are guessed") {
  const PasswordWords words = password_words("ご連絡", "先ほどの件です。\n\nXy7#pq82\n\n鈴木");
  CHECK(words.named.empty());
  REQUIRE_FALSE(words.guessed.empty());
  CHECK(words.guessed.front() == "Xy7#pq82");
  const PasswordWords telling =
      password_words("パスワードのお知らせ", "先ほどの件です。\n\nXy7#pq82\n\n鈴木");
  REQUIRE_FALSE(telling.named.empty());
  CHECK(telling.named.front() == "Xy7#pq82");
}

TEST_CASE("password words: a long mail is not guessed at, but its key words count") {
  std::string body;
  for (int i = 0; i < 60; ++i)
    body += "この度は弊社のご案内 Ab" + std::to_string(i) + "#kx をお読みいただき\n";
  CHECK(password_words("ご案内", body).guessed.empty());
  CHECK(password_words("ご案内", body).named.empty());
  const PasswordWords words = password_words("ご案内", body + "パスワード：Xy7#pq82\n");
  REQUIRE_FALSE(words.named.empty());
  CHECK(words.named.front() == "Xy7#pq82");
}

TEST_CASE("password words: an ordinary mail names none") {
  CHECK(password_words("打ち合わせの件",
                       "お世話になっております。\n4月1日 10:00 からでお願いします。\nTEL 03-1234-5678\n")
            .named.empty());
  CHECK(password_words("", "").named.empty());
  CHECK(password_words("passwordless", "compassion, bypass, zipper").named.empty());
}

TEST_CASE("password words: each once, never more than the limit, whatever the mail says") {
  std::string flood;
  for (int i = 0; i < 5000; ++i) flood += "パスワード pw zip Ab" + std::to_string(i % 700) + "#k「」((((((\n";
  const PasswordWords words = password_words(flood, flood);
  CHECK(words.named.size() == limits::kPasswordWords);
  std::vector<std::string> sorted = words.named;
  std::sort(sorted.begin(), sorted.end());
  CHECK(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
  password_words("\xff\xe3\x83", "パス\xe3\x83\nパスワード\xf0\x9f");  // octets that are no UTF-8 do no harm
}
