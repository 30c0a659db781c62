"""`halcyon seed`: the three demonstration clinics, on a network that has none."""

from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.screen import show
from clients.network import seed as demonstration


def seed(data: Data = DEFAULT) -> None:
    """Put the three demonstration clinics on a network that has no clinic yet."""

    async def seeding() -> bool:
        async with acting(data, "medical_director") as director:
            return await demonstration.seed(director)

    names = ", ".join(clinic.name for clinic in demonstration.CLINICS)
    show(f"added {names}" if run(seeding()) else "there are clinics already; nothing was changed")
