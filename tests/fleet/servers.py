# SPDX-License-Identifier: ISC
"""A fleet's database on loopback, out of Debian's clickhouse-server and zookeeper, each as a plain process
in a folder of its own. By hand:

    python3 tests/fleet/servers.py FOLDER [--cluster]     # until Enter"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

USER, PASSWORD = "sensor", "pass word"
USERS = """<yandex>
  <profiles><default><max_memory_usage>2000000000</max_memory_usage><max_threads>2</max_threads></default></profiles>
  <quotas><default/></quotas>
  <users>
    <default><password></password><networks><ip>127.0.0.0/8</ip></networks><profile>default</profile>
      <quota>default</quota></default>
    <{user}><password>{password}</password><networks><ip>127.0.0.0/8</ip></networks><profile>default</profile>
      <quota>default</quota></{user}>
  </users>
</yandex>
"""

CONFIG = """<yandex>
  <logger><level>warning</level><log>{folder}/server.log</log><errorlog>{folder}/error.log</errorlog></logger>
  <http_port>{http}</http_port><tcp_port>{tcp}</tcp_port><interserver_http_port>{between}</interserver_http_port>
  <interserver_http_host>127.0.0.1</interserver_http_host><listen_host>127.0.0.1</listen_host>
  <path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path>
  <user_files_path>{folder}/files/</user_files_path><format_schema_path>{folder}/formats/</format_schema_path>
  <users_config>{folder}/users.xml</users_config>
  <default_profile>default</default_profile><default_database>default</default_database>
  <mark_cache_size>67108864</mark_cache_size><timezone>UTC</timezone>
  <max_concurrent_queries>50</max_concurrent_queries><keep_alive_timeout>3</keep_alive_timeout>
  {cluster}
</yandex>
"""

SHARD = ("<shard><internal_replication>true</internal_replication><replica><host>127.0.0.1</host>"
         "<port>{tcp}</port><user>{user}</user><password>{password}</password></replica></shard>")

CLUSTER = """<remote_servers><mail>{shards}</mail></remote_servers>
  <zookeeper><node><host>127.0.0.1</host><port>{zookeeper}</port></node><session_timeout_ms>5000</session_timeout_ms>
  </zookeeper>
  <macros><shard>{number}</shard><replica>a</replica></macros>
  <distributed_ddl><path>/clickhouse/ddl</path></distributed_ddl>"""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def missing():
    """What has to be installed, by its package's name."""
    names = [name for name in ("clickhouse-server",) if not shutil.which(name)]
    if not os.path.exists("/usr/share/java/zookeeper.jar") or not shutil.which("java"):
        names.append("zookeeper")
    return names


class Process:
    """A server that can be killed and started again."""

    def __init__(self, command, log, ready):
        self.command, self.log, self.ready, self.process = command, log, ready, None
        self.start()

    def start(self, wait=True):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        if wait:
            self.wait()

    def wait(self):
        until = time.monotonic() + 60
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > until:
                with open(self.log, encoding="utf-8", errors="replace") as log:
                    raise RuntimeError(f"{self.command[0]} did not start:\n{log.read()[-3000:]}")
            time.sleep(0.1)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()


class Server:
    """One clickhouse-server."""

    def __init__(self, folder, number, ports, cluster):
        self.http, self.tcp, between = ports
        self.url = f"http://127.0.0.1:{self.http}"
        for name in ("data", "tmp", "files", "formats"):
            os.makedirs(os.path.join(folder, name), exist_ok=True)
        self.folder = folder
        with open(os.path.join(folder, "users.xml"), "w", encoding="utf-8") as file:
            file.write(USERS.format(user=USER, password=PASSWORD))
        with open(os.path.join(folder, "config.xml"), "w", encoding="utf-8") as file:
            file.write(CONFIG.format(folder=folder, http=self.http, tcp=self.tcp, between=between, cluster=cluster))
        self.process = Process(["clickhouse-server", f"--config-file={folder}/config.xml"],
                               os.path.join(folder, "out.log"), self.answers)

    def answers(self):
        try:
            with urllib.request.urlopen(self.url + "/ping", timeout=2) as reply:
                return reply.read() == b"Ok.\n"
        except OSError:
            return False

    def ask(self, query, **settings):
        """The answer's rows, as lists of texts."""
        words = urllib.parse.urlencode({"user": USER, "password": PASSWORD, **settings})
        request = urllib.request.Request(f"{self.url}/?{words}", data=query.encode())
        try:
            with urllib.request.urlopen(request, timeout=120) as reply:
                return [line.split("\t") for line in reply.read().decode().splitlines()]
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{query}\n{error.read().decode()[:800]}") from error

    def octets(self):
        """On disk, by table."""
        return {table: (int(size), int(count)) for table, size, count in self.ask(
            "SELECT table, sum(bytes_on_disk), sum(rows) FROM system.parts WHERE active AND database = 'heloscope' "
            "GROUP BY table ORDER BY table")}


class Fleet:
    """`with Fleet(folder, shards) as fleet`: one server without ZooKeeper, or so many shards with it."""

    def __init__(self, folder, shards=0):
        self.zookeeper, self.servers = None, []
        ports = free_ports(3 * max(shards, 1) + 1)
        if shards:
            self.start_zookeeper(os.path.join(folder, "zookeeper"), ports[-1])
        every = "".join(SHARD.format(tcp=ports[3 * i + 1], user=USER, password=PASSWORD) for i in range(shards))
        for number in range(max(shards, 1)):
            cluster = CLUSTER.format(shards=every, zookeeper=ports[-1], number=number + 1) if shards else ""
            self.servers.append(Server(os.path.join(folder, f"shard{number + 1}"), number, ports[3 * number:][:3],
                                       cluster))

        for server in self.servers if shards else ():
            self.settle(server)

    @staticmethod
    def settle(server):
        """18.16 dies of words ON CLUSTER that come before its own connection to ZooKeeper."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                server.ask("SELECT count() FROM system.zookeeper WHERE path = '/clickhouse/ddl'")
                return
            except RuntimeError:
                time.sleep(0.2)

    def start_zookeeper(self, folder, port):
        os.makedirs(folder)
        with open(os.path.join(folder, "zoo.cfg"), "w", encoding="utf-8") as file:
            file.write(f"tickTime=500\ndataDir={folder}\nclientPort={port}\nclientPortAddress=127.0.0.1\n"
                       "admin.enableServer=false\n4lw.commands.whitelist=ruok\nmaxClientCnxns=0\n")

        def ready():
            try:
                with socket.create_connection(("127.0.0.1", port), 1) as connection:
                    connection.sendall(b"ruok")
                    return connection.recv(4) == b"imok"
            except OSError:
                return False

        self.zookeeper = Process(["java", "-Xmx128m", "-cp", "/usr/share/java/zookeeper.jar",
                                  "org.apache.zookeeper.server.quorum.QuorumPeerMain", f"{folder}/zoo.cfg"],
                                 os.path.join(folder, "out.log"), ready)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.process.stop()
        if self.zookeeper:
            self.zookeeper.stop()


class Modern:
    """A modern engine behind HTTP: npm's chdb, installed in a folder of its own."""

    PACKAGE = "chdb@3.4.0"

    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        if not os.path.isdir(os.path.join(folder, "node_modules", "chdb")):
            subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, self.PACKAGE],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, timeout=300)
        (self.http,) = free_ports(1)
        self.url = f"http://127.0.0.1:{self.http}"
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "modern.js")
        self.process = Process(["env", f"NODE_PATH={folder}/node_modules", "node", script, str(self.http)],
                               os.path.join(folder, "out.log"), lambda: Server.answers(self))

    def ask(self, query, **settings):
        return Server.ask(self, query, **settings)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stop()


if __name__ == "__main__":
    with Fleet(os.path.abspath(sys.argv[1]), 2 if "--cluster" in sys.argv else 0) as by_hand:
        print(*(server.url for server in by_hand.servers), f"user {USER}, password '{PASSWORD}'", flush=True)
        input()
