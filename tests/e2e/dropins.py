# SPDX-License-Identifier: Apache-2.0
"""Drop-ins: fedcopy in the place of another program, in one cluster, with that program's own arguments."""

import http.client
import ssl

import envtest


class DropIn:
    """A running drop-in of the hub: process, and where its original's endpoints are."""

    def __init__(self, fedcopy, kubeconfig, *args, env=None):
        self.own = f"127.0.0.1:{envtest.free_port()}"
        more = {
            "KUBECONFIG": str(kubeconfig),
            "FEDCOPY_STATUS_ADDRESS": self.own,
            "FEDCOPY_DEBUG_ADDRESS": f"127.0.0.1:{envtest.free_port()}",
            **(env or {}),
        }
        self.process = fedcopy(*args, env=more, endpoints=False, ready=False)
        self.process.status_address = more["FEDCOPY_STATUS_ADDRESS"]
        self.process.debug_address = more["FEDCOPY_DEBUG_ADDRESS"]
        if self.own == self.process.status_address:
            self.process.wait_ready()

    def get(self, path, address):
        return self.process.get(path, address)

    def metrics(self, address):
        status, text = self.process.get("/metrics", address)
        assert status == 200, f"/metrics: {status}"
        return envtest.Metrics(text)


def warnings(process):
    """The warning with which each begins, as its log has it."""
    return [line for line in process.stderr().splitlines() if "as in the original" in line]


def ask_secure(address, path="/metrics", token=None, ca=None):
    """(status, text, the server's certificate in PEM) over https; ca: what its certificate must be signed by, else any."""
    context = ssl.create_default_context(cadata=ca) if ca else ssl.create_default_context()
    if not ca:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPSConnection(host, int(port), timeout=15, context=context)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        certificate = ssl.DER_cert_to_PEM_cert(connection.sock.getpeercert(binary_form=True))
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), certificate
    finally:
        connection.close()
