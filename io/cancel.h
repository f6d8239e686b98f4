#ifndef WARREN_IO_CANCEL_H_
#define WARREN_IO_CANCEL_H_

#include "io/fd.h"

namespace warren::io {

// Lets one thread interrupt the waits of others. Thread-safe; once cancelled,
// it stays so.
class Cancel {
 public:
  Cancel();
  Cancel(const Cancel&) = delete;
  Cancel& operator=(const Cancel&) = delete;

  void Now();
  bool cancelled() const;
  // Readable once cancelled: for poll(). Nobody reads it.
  int fd() const { return fd_.get(); }

 private:
  Fd fd_;
};

}  // namespace warren::io

#endif  // WARREN_IO_CANCEL_H_
