"""What every table hangs on."""

from sqlalchemy import BigInteger, Integer, MetaData

meta = MetaData()

# SQLite counts only an INTEGER PRIMARY KEY up by itself.
COUNTED = BigInteger().with_variant(Integer, "sqlite")
