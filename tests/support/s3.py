"""One signed request to an S3 server, for scripts; AWS_* say where and who.

s3.py METHOD PATH[?QUERY] [BODY]: prints the headers for HEAD, else the body; ends with 1 if the status is not 2xx.
s3.py session FILE: asks for temporary credentials with no more rights than the policy in FILE; prints lines for eval.
It has a signature of its own, so that a mistake in the program's would show.
"""
import datetime
import hashlib
import hmac
import http.client
import os
import re
import ssl
import sys
import urllib.parse


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def send(service, method, target, body, more=()):
    host = os.environ["AWS_ENDPOINT_URL"].split("://")[1]
    path, _, query = target.partition("?")
    query = "&".join(sorted(part if "=" in part else part + "=" for part in query.split("&") if part))
    path = "/" + urllib.parse.quote(path)
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{now[:8]}/us-east-1/{service}/aws4_request"
    headers = dict(more) | {"host": host, "x-amz-content-sha256": sha256(body), "x-amz-date": now}
    signed = ";".join(sorted(headers))
    lines = [f"{name}:{headers[name]}" for name in sorted(headers)]
    canonical = "\n".join([method, path, query, *lines, "", signed, sha256(body)])
    to_sign = "\n".join(["AWS4-HMAC-SHA256", now, scope, sha256(canonical.encode())])
    key = ("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, "
                                f"SignedHeaders={signed}, Signature={signature}")
    context = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])
    connection = http.client.HTTPSConnection(host, context=context)
    connection.request(method, path + ("?" + query if query else ""), body, headers)
    return connection.getresponse()


def session(policy):
    form = urllib.parse.urlencode({"Action": "AssumeRole", "Version": "2011-06-15", "DurationSeconds": "3600", "Policy": policy})
    answer = send("sts", "POST", "", form.encode(), {"content-type": "application/x-www-form-urlencoded"})
    text = answer.read().decode()
    if answer.status != 200:
        sys.exit(f"no session: {text}")
    for name, element in (("ACCESS_KEY_ID", "AccessKeyId"), ("SECRET_ACCESS_KEY", "SecretAccessKey"), ("SESSION_TOKEN", "SessionToken")):
        print(f"export AWS_{name}={re.search(f'<{element}>([^<]*)<', text)[1]}")


def main():
    if sys.argv[1] == "session":
        return session(open(sys.argv[2]).read())
    method, target = sys.argv[1:3]
    answer = send("s3", method, target, sys.argv[3].encode() if len(sys.argv) > 3 else b"")
    if method == "HEAD":
        print("\n".join(f"{k.lower()}: {v}" for k, v in answer.getheaders()))
    else:
        sys.stdout.buffer.write(answer.read())
    if answer.status // 100 != 2:
        sys.exit(f"status {answer.status}")


main()
