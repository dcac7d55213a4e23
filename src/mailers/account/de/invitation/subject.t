Sie sind zu {{ product }} eingeladen
