// Numbers that are given once and never again, in the order of the transactions that take them. One host
// counts in memory; hosts that share the database count there, in each transaction anew.
#pragma once

#include <cstdint>

#include "service/store/database.h"

namespace kiyome::gate {

// For the writer, within its transactions. Throws TemporaryFailure.
class Numbers {
 public:
  // `last`: a statement that gives the largest number that stands anywhere; both texts are literals.
  Numbers(store::Database& database, const char* name, const char* last);
  std::int64_t next();
  void before_commit();              // writes down what others have to know
  void over() { counted_ = false; }  // after the transaction, however it ended

 private:
  std::int64_t last_standing();

  store::Database& database_;
  const char *name_, *last_;
  std::int64_t next_ = 1;
  bool counted_ = false;  // shared: next_ was read in this transaction
};

}  // namespace kiyome::gate
