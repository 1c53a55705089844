"""One signed request to an S3 server, for scripts: s3.py METHOD PATH[?QUERY] [BODY]; AWS_* say where and who.

Prints the headers for HEAD, else the body; ends with 1 if the status is not 2xx. It has a signature of its own, so that a
mistake in the program's would show.
"""
import datetime
import hashlib
import hmac
import http.client
import os
import ssl
import sys
import urllib.parse

method, target = sys.argv[1:3]
body = sys.argv[3].encode() if len(sys.argv) > 3 else b""
host = os.environ["AWS_ENDPOINT_URL"].split("://")[1]
path, _, query = target.partition("?")
query = "&".join(sorted(part if "=" in part else part + "=" for part in query.split("&") if part))
path = "/" + urllib.parse.quote(path)
now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
scope = f"{now[:8]}/us-east-1/s3/aws4_request"
hashed = hashlib.sha256(body).hexdigest()
headers = {"host": host, "x-amz-content-sha256": hashed, "x-amz-date": now}
signed = ";".join(headers)
canonical = "\n".join([method, path, query, *(f"{k}:{v}" for k, v in headers.items()), "", signed, hashed])
to_sign = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
key = ("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode()
for part in scope.split("/"):
    key = hmac.new(key, part.encode(), hashlib.sha256).digest()
signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, "
                            f"SignedHeaders={signed}, Signature={signature}")
connection = http.client.HTTPSConnection(host, context=ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"]))
connection.request(method, path + ("?" + query if query else ""), body, headers)
answer = connection.getresponse()
if method == "HEAD":
    print("\n".join(f"{k.lower()}: {v}" for k, v in answer.getheaders()))
else:
    sys.stdout.buffer.write(answer.read())
if answer.status // 100 != 2:
    sys.exit(f"status {answer.status}")
