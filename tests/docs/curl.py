"""The little of curl that the documentation uses, for machines that have none: `curl -s URL [-H HEADER]… [-d BODY]`.

Writes the answer to stdout and `HTTP <status>` to stderr.
"""

from __future__ import annotations

import argparse
import sys
import urllib.error
import urllib.request

FORM = "application/x-www-form-urlencoded"  # what curl says of a body where nobody else does


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("-s", action="store_true")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="body")
    parser.add_argument("url")
    asked = parser.parse_args()
    headers = dict(header.split(": ", 1) for header in asked.headers)
    body = asked.body.encode() if asked.body is not None else None
    request = urllib.request.Request(asked.url, data=body, headers={"content-type": FORM, **headers} if body else headers)
    try:
        answer = urllib.request.urlopen(request, timeout=20)
    except urllib.error.HTTPError as refused:
        answer = refused
    with answer:
        sys.stdout.buffer.write(answer.read() + b"\n")
        sys.stderr.write(f"HTTP {answer.status}\n")


if __name__ == "__main__":
    main()
