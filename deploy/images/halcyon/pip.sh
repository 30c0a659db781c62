#!/bin/sh
# pip for the image's environment, trusting the lent certificate when there is one.
if [ -s /run/secrets/ca ]; then
  export PIP_CERT=/run/secrets/ca
fi
exec /opt/build/bin/pip --quiet --python /opt/halcyon/bin/python install "$@"
