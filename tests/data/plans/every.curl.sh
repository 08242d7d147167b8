#!/bin/sh
# what people paste
TOKEN=abc
curl 'https://shop.test/a?x=1#f' -H 'Accept: */*' \
  -H "Authorization: Bearer $TOKEN" --compressed
curl -sS -X PUT https://shop.test/b -d a=1 -d 'b=${x}' | jq .
curl https://shop.test/c --data-raw $'l1\r\n\u00e9\x41' -u user:pw -A agent; curl -G shop.test/d --data-urlencode 'q=a b&c' -L -m 2.5
curl https://shop.test/e -F 'n=v;type=text/plain' -F 'f=@"/no/such dir/p.png";type=image/png' -H 'Content-Type: multipart/form-data; boundary=x'
curl -I https://shop.test/f -b 'a=1' -e https://shop.test/ ; curl --json '{"a":1}' https://shop.test/g
