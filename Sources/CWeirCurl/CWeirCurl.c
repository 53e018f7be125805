#include "CWeirCurl.h"

bool weir_multi_next_finished(CURLM *multi, weir_finished *finished) {
  int queued = 0;
  CURLMsg *message;
  while ((message = curl_multi_info_read(multi, &queued)) != NULL) {
    if (message->msg == CURLMSG_DONE) {
      finished->easy = message->easy_handle;
      finished->result = message->data.result;
      return true;
    }
  }
  return false;
}
