# SPDX-License-Identifier: MIT
"""Make the databases, owners and logins of the services what they should be; runs on the server.

Reads the intended list from standard input, as user postgres over the local
socket.  `check` ends with 1 when something differs and says what.  A service
owns its database through a role that cannot log in; its logins carry the
version of their password, so that a rotation has an old and a new one at once.
"""

import json
import sys

import psycopg2
from psycopg2 import sql


def connect(name):
    """Return a session of the superuser that commits each statement."""
    connection = psycopg2.connect(dbname=name, user="postgres")
    connection.autocommit = True
    return connection


def rows(cursor, statement, values=()):
    """Return the rows of a query."""
    cursor.execute(statement, values)
    return cursor.fetchall()


def differences(cursor, wanted):
    """Return [(what, statement)] that reach the intended state."""
    roles = dict(rows(cursor, "select rolname, rolpassword from pg_authid"))
    databases = {name for (name,) in rows(cursor, "select datname from pg_database")}
    found = []
    for one in wanted:
        owner = sql.Identifier(one["name"])
        if one["name"] not in roles:
            found.append((f"role {one['name']}", sql.SQL("create role {} nologin").format(owner)))
        for login in one["logins"]:
            name = sql.Identifier(login["name"])
            verifier = sql.Literal(login["verifier"])
            if login["name"] not in roles:
                form = "create role {} login password {} in role {}"
                made = sql.SQL(form).format(name, verifier, owner)
                found.append((f"login {login['name']}", made))
                own = sql.SQL("alter role {} set role = {}").format(name, sql.Literal(one["name"]))
                found.append((f"login {login['name']} acts as {one['name']}", own))
            elif roles[login["name"]] != login["verifier"]:
                form = "alter role {} login password {}"
                made = sql.SQL(form).format(name, verifier)
                found.append((f"password of {login['name']}", made))
        kept = {login["name"] for login in one["logins"]}
        for name in sorted(roles):
            if name.startswith(f"{one['name']}_v") and name not in kept:
                old = sql.Identifier(name)
                found.append((f"login {name} removed", sql.SQL("drop role {}").format(old)))
        if one["name"] not in databases:
            form = "create database {} owner {} encoding 'UTF8' template template0"
            found.append((f"database {one['name']}", sql.SQL(form).format(owner, owner)))
            revoked = sql.SQL("revoke all on database {} from public").format(owner)
            found.append((f"database {one['name']} closed to others", revoked))
    return found


def main():
    """Check or apply."""
    wanted = json.load(sys.stdin)
    with connect("postgres").cursor() as cursor:
        found = differences(cursor, wanted)
        if sys.argv[1] == "check":
            sys.stdout.write("\n".join(what for what, _ in found))
            return 1 if found else 0
        cursor.execute("set log_statement = 'none'")
        for _, statement in found:
            cursor.execute(statement)
    return 0


if __name__ == "__main__":
    sys.exit(main())
