# SPDX-License-Identifier: Apache-2.0
"""smoke"""
import time
from envtest import wait_for
from objects import configmap, secret, set_data, wait_data

def test_smoke(through, fedcopy, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    proxies = [through.proxy(hub), through.proxy(edge1)]
    program = fedcopy("run", "--clusters", through.cluster_set(proxies), "--target", "configmaps")
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "1"})
    t = time.monotonic()
    for i in range(50):
        set_data(hub, "configmaps", namespace, "source", {"a": str(i)})
        wait_data(edge1, "configmaps", namespace, "copy", {"a": str(i)})
    print((time.monotonic() - t) / 50)
    print(proxies[1].stats(), proxies[1].requests()[:3], proxies[0].requests()[-1])
    print(program.stderr())
    big = "x" * 700000
    set_data(hub, "configmaps", namespace, "source", {"a": big})
    wait_data(edge1, "configmaps", namespace, "copy", {"a": big})
